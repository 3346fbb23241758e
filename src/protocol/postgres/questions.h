// Questions of the gateway's own, over a connection of their own: logged in as every other, answered as text.
//
// Blocks, on a loop of its own: for the background pool. An error of the server's is Code::unavailable, with its words. Not here:
// questions inside a client's session (answers.h).
#pragma once

#include <memory>
#include <string_view>

#include "credentials/lease.h"
#include "protocol/postgres/masked_answer.h"
#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/wire/frames.h"
#include "protocol/postgres/wire/messages_frontend.h"
#include "protocol/postgres/wire/upstream_login.h"

namespace narrowgate::postgres {

// What stands for $1, $2, … as a client's Parse and Bind have it.
struct Parameters {
  std::vector<std::uint32_t> types;
  std::vector<Format> formats;
  std::vector<Value> values;  // borrowed
};

class Questions {
 public:
  struct Manner {
    std::vector<Setting> settings = {{"application_name", "narrowgate:catalog"}};
    std::chrono::milliseconds patience = std::chrono::seconds(60);  // of each read: a catalog of 100,000 tables takes a few
  };
  static Result<std::unique_ptr<Questions>> open(const Upstream& upstream, Manner manner);
  static Result<std::unique_ptr<Questions>> open(const Upstream& upstream) { return open(upstream, Manner{}); }
  ~Questions();
  // One simple Query.
  Result<Rows> ask(std::string_view sql);

  struct Answer {
    std::vector<std::string> columns;
    Rows rows;
    std::vector<std::uint32_t> types;  // of the parameters
  };
  // One statement with parameters. With `mask`, its rows come masked.
  Result<Answer> ask(std::string_view sql, const Parameters& parameters, RowMask* mask = nullptr);
  // What it would be: everything but the rows.
  Result<Answer> describe(std::string_view sql, const std::vector<std::uint32_t>& types);
  // What the server warned of in the last answer, for one SQLSTATE: "no privileges were granted for …".
  const std::vector<std::string>& privileges_not_granted() const { return not_granted_; }

 private:
  Questions() = default;
  Result<Answer> drive_answer(Bytes question, RowMask* mask);
  Task<Result<Answer>> answer(Bytes question, RowMask* mask);
  Task<Result<Done>> fill();

  net::Loop loop_;
  net::Pool names_{1};  // the pool that runs us may be full of our like, all waiting for a name
  std::unique_ptr<net::Stream> stream_;
  BackendFrames frames_;
  Bytes buffer_;
  std::chrono::milliseconds patience_{0};
  std::vector<std::string> not_granted_;
  std::size_t begin_ = 0;  // of what is in the buffer and not taken
};

}  // namespace narrowgate::postgres
