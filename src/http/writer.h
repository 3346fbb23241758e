// Sends a response in chunks over a connection.
#pragma once

#include "http/connection.h"

namespace narrowgate::http {

class ChunkWriter final : public Writer {
 public:
  explicit ChunkWriter(Connection& connection) : connection_(connection) {}

  Task<Result<Done>> begin(Response head) override;
  Task<Result<Done>> write_chunk(std::string_view bytes) override;
  Task<Result<Done>> finish() override;
  bool begun() const override { return state_ != State::fresh; }
  bool whole() const { return state_ == State::finished; }  // the client knows where it ended

 private:
  enum class State { fresh, open, finished, broken };
  Task<Result<Done>> send(std::string bytes);

  Connection& connection_;
  State state_ = State::fresh;
};

}  // namespace narrowgate::http
