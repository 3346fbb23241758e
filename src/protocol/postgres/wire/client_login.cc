#include "protocol/postgres/wire/client_login.h"

#include <fmt/format.h>

#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {

ClientLogin ClientLogin::ask_for_token() { return {}; }

ClientLogin ClientLogin::ask_for_scram(ScramQuestion question, Bytes end_point, std::string nonce) {
  ClientLogin login;
  login.state_ = State::sasl_initial;
  login.question_ = std::move(question);
  login.end_point_ = std::move(end_point);
  login.nonce_ = std::move(nonce);
  return login;
}

Bytes ClientLogin::begin() const {
  Bytes out;
  constexpr std::string_view mechanisms[] = {scram_sha_256_plus, scram_sha_256};
  if (state_ == State::token) answer::authentication_cleartext(out);
  else answer::authentication_sasl(out, std::span(mechanisms).subspan(end_point_.empty() ? 1 : 0));
  return out;
}

Result<LoginStep> ClientLogin::next(ByteView buffer) {
  NG_CHECK(state_ != State::finished && state_ != State::failed);
  NG_TRY(const std::optional<Frame> frame, frames_.next(buffer));
  if (!frame) return LoginStep{};
  Result<Bytes> send = answer(frame->body);
  if (!send) {
    state_ = State::failed;
    return std::move(send).error();
  }
  return LoginStep{frame->size, std::move(send).take(), state_ == State::finished};
}

Result<Bytes> ClientLogin::answer(ByteView body) {
  if (state_ == State::sasl_initial) return begin_sasl(body);
  Bytes out;
  if (state_ == State::sasl_response) {
    NG_TRY(const std::string last, scram_->finish(frontend::decode_sasl_response(body)));
    answer::authentication_sasl_final(out, last);
  } else {
    NG_TRY(const std::string_view token, frontend::decode_password(body));
    if (token.empty())
      return Error{Code::refused, Blame::client, "the client sent an empty password; it wants the agent's token there"};
    token_ = SecretString(std::string(token));
  }
  state_ = State::finished;
  return out;
}

Result<Bytes> ClientLogin::begin_sasl(ByteView body) {
  NG_TRY(const frontend::SaslInitial initial, frontend::decode_sasl_initial(body));
  const bool plus = initial.mechanism == scram_sha_256_plus && !end_point_.empty();
  if (!plus && initial.mechanism != scram_sha_256) {
    return Error{Code::malformed, Blame::client,
                 fmt::format("the client chose the mechanism \"{}\", which was not offered", visible(initial.mechanism))};
  }
  if (!initial.data) return Error{Code::malformed, Blame::client, "SCRAM: the client speaks first and said nothing"};
  scram_.emplace(question_, initial.mechanism, end_point_, nonce_);
  NG_TRY(const std::string first, scram_->first(*initial.data));
  state_ = State::sasl_response;
  Bytes out;
  answer::authentication_sasl_continue(out, first);
  return out;
}

}  // namespace narrowgate::postgres
