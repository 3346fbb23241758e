// How a client proves who it is, after its StartupMessage: a token in clear (inside TLS, which the engine sees to) or SCRAM.
//
//   ClientLogin login = ClientLogin::ask_for_token();
//   send(login.begin());
//   loop: NG_CO_TRY(auto step, login.next(buffer)); drop step.used bytes; send(step.send); until step.finished
//
// It does not say AuthenticationOk: who the client is still has to be decided. Code::refused means a wrong proof (28P01),
// Code::malformed that the client does not speak the protocol (08P01). After an error there is no second try.
#pragma once

#include <optional>
#include <string_view>

#include "base/secret.h"
#include "protocol/postgres/wire/frames.h"
#include "protocol/postgres/wire/scram.h"

namespace narrowgate::postgres {

struct LoginStep {
  std::size_t used = 0;  // bytes of the buffer to drop
  Bytes send;            // to be sent before anything else
  bool finished = false;
};

class ClientLogin {
 public:
  static ClientLogin ask_for_token();
  // `end_point`: our certificate's digest when under TLS, to offer channel binding; else empty.
  static ClientLogin ask_for_scram(ScramQuestion question, Bytes end_point, std::string nonce = scram_nonce());
  static ClientLogin ask_for_scram(ScramVerifier verifier, Bytes end_point, std::string nonce = scram_nonce()) {
    return ask_for_scram(question_of(std::move(verifier)), std::move(end_point), std::move(nonce));
  }

  Bytes begin() const;
  // At most one message. finished: token() holds what was sent, or the SCRAM proof was right.
  Result<LoginStep> next(ByteView buffer);
  // Once, after a finished ask_for_token().
  SecretString take_token() { return std::move(token_); }

 private:
  enum class State : std::uint8_t { token, sasl_initial, sasl_response, finished, failed };
  ClientLogin() = default;
  Result<Bytes> answer(ByteView body);
  Result<Bytes> begin_sasl(ByteView body);

  State state_ = State::token;
  FrontendFrames frames_{FrontendFrames::Phase::login};
  SecretString token_;
  ScramQuestion question_;
  Bytes end_point_;
  std::string nonce_;
  std::optional<ScramServer> scram_;
};

}  // namespace narrowgate::postgres
