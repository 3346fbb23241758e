// Which session a CancelRequest is for.
//
// A client is given the upstream's process id (isolation tests and people look it up in pg_stat_activity) and a key of our own. A
// key lives exactly as long as its session, so an old one cancels nothing, and one session's key never reaches another's
// upstream.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "net/loop.h"

namespace narrowgate::postgres {

class CancelKeys {
 public:
  struct Key {
    std::int32_t process = 0;
    Bytes secret;
  };

  // `cancel` runs on `loop`, at any time until drop(). From any thread.
  Key add(std::int32_t process, std::size_t secret_bytes, net::Loop& loop, std::function<void()> cancel);
  void drop(const Key& key);
  // Posts the session's cancel; says nothing about whether there was one, as the protocol wants it. From any thread.
  void cancel(std::int32_t process, ByteView secret);

 private:
  struct Entry {
    std::int32_t process;
    net::Loop* loop;
    std::function<void()> cancel;
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;  // by digest of process and secret
};

}  // namespace narrowgate::postgres
