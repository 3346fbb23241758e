// Questions of the gateway's own, over a connection of their own: logged in as every other, answered as text.
//
// Blocks, on a loop of its own: for the background pool. Not here: questions inside a client's session (answers.h).
#pragma once

#include <memory>
#include <string_view>

#include "credentials/lease.h"
#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/wire/frames.h"

namespace narrowgate::postgres {

class Questions {
 public:
  static Result<std::unique_ptr<Questions>> open(const Upstream& upstream);
  ~Questions();
  // One simple Query. An error of the server's is Code::unavailable, with its words.
  Result<Rows> ask(std::string_view sql);
  // What the server warned of in the last answer, for one SQLSTATE: "no privileges were granted for …".
  const std::vector<std::string>& privileges_not_granted() const { return not_granted_; }

 private:
  Questions() = default;
  Task<Result<Rows>> answer(std::string_view sql);
  Task<Result<Done>> fill();

  net::Loop loop_;
  net::Pool names_{1};  // the pool that runs us may be full of our like, all waiting for a name
  std::unique_ptr<net::Stream> stream_;
  BackendFrames frames_;
  Bytes buffer_;
  std::vector<std::string> not_granted_;
  std::size_t begin_ = 0;  // of what is in the buffer and not taken
};

}  // namespace narrowgate::postgres
