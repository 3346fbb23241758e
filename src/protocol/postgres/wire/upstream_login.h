// How the gateway logs in upstream: from StartupMessage to ReadyForQuery.
//
// The upstream may be hostile. It gets a password in clear only over TLS (or where the resource says so in so many words), never
// anything but SCRAM when SCRAM is pinned, no AuthenticationOk is believed before a SCRAM server has proved itself, and Kerberos,
// GSSAPI and SSPI are refused. What it may send before ReadyForQuery is bounded in size and number.
//
//   send(ssl_request); NG_CO_TRY_VOID(check_tls_answer(everything_read)); TLS;
//   NG_CO_TRY(auto login, UpstreamLogin::create(options)); send(login.begin());
//   loop: NG_CO_TRY(auto step, login.next(buffer)); drop step.used bytes; send(step.send); until step.finished
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/secret.h"
#include "protocol/postgres/wire/client_login.h"
#include "protocol/postgres/wire/messages_backend.h"
#include "protocol/postgres/wire/scram.h"
#include "protocol/postgres/wire/startup.h"

namespace narrowgate::postgres {

// The answer to SSLRequest: 'S' and not a byte more (CVE-2021-23222). 'N' is an error too: there is no fallback to clear text.
// Give it everything that was read, with room for more than one byte.
Result<Done> check_tls_answer(ByteView received);

struct UpstreamLoginOptions {
  std::string user;
  std::string database;
  std::vector<Setting> settings;  // application_name, client_encoding …
  SecretString password;          // or an IAM token
  bool encrypted = false;         // the connection is under verified TLS
  Bytes end_point;                // its net::TlsInfo::server_end_point, for channel binding
  bool scram_pinned = false;      // nothing but a completed SCRAM exchange
  ScramMemory* memory = nullptr;  // outlives the login; without one, every login derives its keys anew
  std::uint16_t minor = 0;        // of protocol 3: 0, or 2 for long cancel keys
};

struct UpstreamSession {
  std::map<std::string, std::string> parameters;  // as reported: server_version, client_encoding, …
  std::int32_t process = 0;
  Bytes cancel_key;  // empty: the upstream cannot be asked to cancel
  std::uint16_t minor = 0;
  std::string server_version() const;
};

// What an upstream said when it refused us, its words made printable.
struct UpstreamRefusal {
  std::string severity, sqlstate, message, detail, hint;
};

class UpstreamLogin {
 public:
  // Blame::gateway: a name that cannot be sent (empty user, zero byte, too long).
  static Result<UpstreamLogin> create(UpstreamLoginOptions options);

  Bytes begin() const;
  // At most one message.
  Result<LoginStep> next(ByteView buffer);
  bool finished() const { return state_ == State::ready; }
  UpstreamSession take_session() { return std::move(session_); }
  // Set when next() failed because the upstream said no (Code::refused, Blame::upstream).
  const std::optional<UpstreamRefusal>& refusal() const { return refusal_; }

 private:
  enum class State : std::uint8_t { asked, password_sent, sasl_first, sasl_final, sasl_proved, authenticated, ready, failed };
  explicit UpstreamLogin(UpstreamLoginOptions options) : options_(std::move(options)) {}

  Result<Bytes> take(const Frame& frame);
  Result<Bytes> authenticate(const backend::Authentication& message);
  Result<Bytes> challenged(const backend::Authentication& message);
  Result<Bytes> send_clear_password();
  Result<Bytes> send_md5(ByteView salt);
  Result<Bytes> begin_sasl(const backend::Authentication& message);
  Result<Bytes> negotiate(ByteView body);
  Result<Bytes> report(ByteView body);
  Result<Bytes> keep_key(ByteView body);
  Result<Bytes> ready(ByteView body);
  Error refused(const ErrorFields& fields);

  UpstreamLoginOptions options_;
  State state_ = State::asked;
  BackendFrames frames_;
  std::size_t messages_ = 0;
  std::optional<ScramClient> scram_;
  UpstreamSession session_;
  std::optional<UpstreamRefusal> refusal_;
};

}  // namespace narrowgate::postgres
