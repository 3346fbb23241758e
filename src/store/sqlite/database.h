// Database: the file with its two connections. Writes happen one at a time, each in a transaction of its own; reads beside them.
//
//   db.write([&](Connection& c) -> Result<Done> { … })     commits if the answer is a value, rolls back if it is an Error
//   db.write_soon(…)                                       the same, and a power cut may take it back: a crash of ours does not
//   db.read([&](Connection& c) -> Result<Row> { … })       one snapshot per statement; sees everything that was committed before
#pragma once

#include <functional>
#include <mutex>
#include <type_traits>

#include "store/sqlite/connection.h"

namespace narrowgate::store {

class Database {
 public:
  Database(Connection writer, Connection reader, bool to_disk)
      : writer_(std::move(writer)), reader_(std::move(reader)), to_disk_(to_disk) {}

  template <class Work>
  std::invoke_result_t<Work, Connection&> write(Work work) {
    const std::scoped_lock lock(write_mutex_);
    return in_transaction(work);
  }

  template <class Work>
  std::invoke_result_t<Work, Connection&> write_soon(Work work) {
    const std::scoped_lock lock(write_mutex_);
    NG_TRY_VOID(writer_.script("PRAGMA synchronous = NORMAL"));
    auto answer = in_transaction(work);
    if (to_disk_) NG_TRY_VOID(writer_.script("PRAGMA synchronous = FULL"));
    return answer;
  }

  template <class Work>
  std::invoke_result_t<Work, Connection&> read(Work work) {
    const std::scoped_lock lock(read_mutex_);
    return work(reader_);
  }

 private:
  template <class Work>
  std::invoke_result_t<Work, Connection&> in_transaction(Work& work) {
    NG_TRY_VOID(writer_.query("BEGIN IMMEDIATE").run());
    auto answer = work(writer_);
    if (!answer.ok()) return roll_back(), answer;
    if (auto committed = writer_.query("COMMIT").run(); !committed.ok()) return roll_back(), std::move(committed).error();
    return answer;
  }
  // Some failures have rolled back already; then this one fails, and that is fine.
  void roll_back() { (void)writer_.query("ROLLBACK").run(); }

  std::mutex write_mutex_, read_mutex_;
  Connection writer_, reader_;
  const bool to_disk_;  // every write() survives a power cut
};

}  // namespace narrowgate::store
