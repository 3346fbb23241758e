// The client's bytes, kept until they make whole messages.
#pragma once

#include <optional>

#include "net/stream.h"
#include "protocol/postgres/wire/frames.h"

namespace narrowgate::postgres {

class Reader {
 public:
  explicit Reader(net::Stream& stream) : stream_(&stream) {}
  void enter(FrontendFrames::Phase phase) { frames_.enter(phase); }

  // The next message already here, or nullopt. Its views live until the next fill() or read_ahead().
  Result<std::optional<Frame>> next();
  // Waits for more bytes. Only when next() had nothing.
  Task<Result<Done>> fill(Duration at_most = Duration::max());
  // Waits for more bytes while a request is held; Code::too_large once limits::held_bytes_max wait unread.
  Task<Result<Done>> read_ahead(Duration at_most);
  bool mid_copy_data() const { return frames_.mid_copy_data(); }

  // What is here and not taken; consume() takes it. For the login, which scans for itself.
  ByteView waiting() const { return ByteView(buffer_).subspan(begin_, end_ - begin_); }
  void consume(std::size_t bytes) { begin_ += bytes; }

 private:
  Task<Result<Done>> read_into(std::size_t room, Duration at_most);

  net::Stream* stream_;
  FrontendFrames frames_;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what is here and not taken
};

}  // namespace narrowgate::postgres
