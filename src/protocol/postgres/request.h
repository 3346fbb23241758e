// A request of a PostgreSQL client: one of the four messages that can make the server do something.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "policy/decision.h"
#include "protocol/postgres/names.h"

namespace narrowgate::postgres {

struct PostgresRequest final : Request {
  enum class Kind : std::uint8_t { query, parse, execute, function_call } kind = Kind::query;

  std::shared_ptr<const Statement> statement;
  std::shared_ptr<const Prepared> prepared;  // parse: what it will be; execute: what runs
  std::shared_ptr<const Portal> portal;      // execute
  std::string name;                          // of the statement (parse) or portal (execute)
  std::string_view sql;                      // the exact text
  ByteView message;                          // the body as it came, checked; what is sent is written anew from it
  Preview ahead;                             // what it would do; found out when it is pinned
  std::string session_meaning, stamps;  // settings, and versions of objects, that its meaning rests on; read when it is pinned

  const std::shared_ptr<const Operation>& operation() const override { return statement->operation; }
  std::string_view text() const override { return sql; }
  std::vector<std::string> parameters() const override;
  std::vector<ParameterValue> values() const override;
  const Preview& preview() const override { return ahead; }
  void keep();
  bool runs() const override { return kind != Kind::parse; }
  const GatewayCall* gateway_call() const override {
    return runs() && statement->gateway_call ? &*statement->gateway_call : nullptr;
  }
  std::string meaning() const override { return session_meaning + '\n' + stamps; }

 private:
  std::string kept_sql_;
  Bytes kept_message_;
};

}  // namespace narrowgate::postgres
