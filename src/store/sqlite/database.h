// Database: the file with its two connections. Writes happen one at a time, each in a transaction of its own; reads beside them.
//
//   db.write([&](Connection& c) -> Result<Done> { … })     commits if the answer is a value, rolls back if it is an Error
//   db.read([&](Connection& c) -> Result<Row> { … })       one snapshot per statement; sees everything that was committed before
#pragma once

#include <functional>
#include <mutex>
#include <type_traits>

#include "store/sqlite/connection.h"

namespace narrowgate::store {

class Database {
 public:
  Database(Connection writer, Connection reader) : writer_(std::move(writer)), reader_(std::move(reader)) {}

  template <class Work>
  std::invoke_result_t<Work, Connection&> write(Work work) {
    const std::scoped_lock lock(write_mutex_);
    NG_TRY_VOID(writer_.query("BEGIN IMMEDIATE").run());
    auto answer = work(writer_);
    if (!answer.ok()) return roll_back(), answer;
    if (auto committed = writer_.query("COMMIT").run(); !committed.ok()) return roll_back(), std::move(committed).error();
    return answer;
  }

  template <class Work>
  std::invoke_result_t<Work, Connection&> read(Work work) {
    const std::scoped_lock lock(read_mutex_);
    return work(reader_);
  }

 private:
  // Some failures have rolled back already; then this one fails, and that is fine.
  void roll_back() { (void)writer_.query("ROLLBACK").run(); }

  std::mutex write_mutex_, read_mutex_;
  Connection writer_, reader_;
};

}  // namespace narrowgate::store
