#include "protocol/postgres/wire/upstream_login.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"

namespace narrowgate::postgres {
namespace {

Error broken(std::string_view what) { return {Code::malformed, Blame::upstream, fmt::format("login upstream: {}", what)}; }
Error no(std::string_view what) { return {Code::refused, Blame::gateway, fmt::format("login upstream: {}", what)}; }

bool is_sendable(std::string_view text) {
  return text.size() <= limits::pg_name_bytes_max && text.find('\0') == std::string_view::npos;
}

}  // namespace

Result<Done> check_tls_answer(ByteView received) {
  if (received.empty()) return Error{Code::closed, Blame::upstream, "the upstream closed the connection when asked for TLS"};
  switch (received[0]) {
    case 'S': break;
    case 'N':
      return Error{Code::refused, Blame::upstream,
                   "the upstream has TLS switched off; switch it on, there is no fallback to clear text"};
    case 'E': return Error{Code::refused, Blame::upstream, "the upstream answered the request for TLS with an error"};
    default: return broken("the answer to the request for TLS is neither S nor N; this may not be PostgreSQL");
  }
  if (received.size() == 1) return Done{};
  return broken("bytes in clear behind the answer to the request for TLS; someone may sit in between");
}

std::string UpstreamSession::server_version() const {
  const auto found = parameters.find("server_version");
  return found == parameters.end() ? "" : found->second;
}

Result<UpstreamLogin> UpstreamLogin::create(UpstreamLoginOptions options) {
  if (options.user.empty()) return no("the lease names no user");
  if (options.minor != 0 && options.minor != newest_minor) return no("only minor versions 0 and 2 of protocol 3 exist");
  bool sendable = is_sendable(options.user) && is_sendable(options.database);
  for (const Setting& setting : options.settings) {
    sendable = sendable && !setting.name.empty() && is_sendable(setting.name) && is_sendable(setting.value);
  }
  if (!sendable) return no("a user, database or setting holds a zero byte or is longer than 1,024 bytes");
  const std::string& password = options.password.expose();
  if (password.find('\0') != std::string::npos || password.size() > limits::password_bytes_max) {
    return no("the lease's password holds a zero byte or is too long");
  }
  return UpstreamLogin(std::move(options));
}

Bytes UpstreamLogin::begin() const {
  StartupMessage startup{.minor = options_.minor, .parameters = {{"user", options_.user}}};
  if (!options_.database.empty()) startup.parameters.push_back({"database", options_.database});
  for (const auto& [name, value] : options_.settings) startup.parameters.push_back({name, value});
  Bytes out;
  write_startup(out, startup);
  return out;
}

Result<LoginStep> UpstreamLogin::next(ByteView buffer) {
  NG_CHECK(state_ != State::ready && state_ != State::failed);
  const auto step = [&]() -> Result<LoginStep> {
    NG_TRY(const std::optional<Frame> frame, frames_.next(buffer));
    if (!frame) return LoginStep{};
    if (++messages_ > limits::pg_login_messages_max) return broken("it never ends; too many messages before ReadyForQuery");
    NG_TRY(Bytes send, take(*frame));
    return LoginStep{frame->size, std::move(send), state_ == State::ready};
  };
  Result<LoginStep> result = step();
  if (!result) state_ = State::failed;
  return result;
}

Result<Bytes> UpstreamLogin::take(const Frame& frame) {
  const bool in = state_ == State::authenticated;
  switch (frame.type) {
    case 'R': {
      if (in) return broken("Authentication after the login was done");
      NG_TRY(const backend::Authentication message, backend::decode_authentication(frame.body));
      return authenticate(message);
    }
    case 'E': {
      NG_TRY(const ErrorFields fields, decode_error_fields(frame.body));
      return refused(fields);
    }
    case 'N': {  // a warning about the login; nobody there to read it yet
      NG_TRY_VOID(decode_error_fields(frame.body));
      return Bytes{};
    }
    case 'v': return negotiate(frame.body);
    case 'S': return in ? report(frame.body) : broken("ParameterStatus before the login was done");
    case 'K': return in ? keep_key(frame.body) : broken("BackendKeyData before the login was done");
    case 'Z': return in ? ready(frame.body) : broken("ReadyForQuery before the login was done");
    default: return broken(fmt::format("a message of type 0x{:02x}", Byte(frame.type)));
  }
}

Result<Bytes> UpstreamLogin::authenticate(const backend::Authentication& message) {
  using Kind = backend::Authentication::Kind;
  if (message.kind != Kind::ok) return challenged(message);
  if (state_ == State::sasl_first || state_ == State::sasl_final)
    return broken("AuthenticationOk in the middle of SCRAM; the server has not proved itself");
  if (options_.scram_pinned && state_ != State::sasl_proved)
    return no("the server skipped SCRAM, which is pinned for this resource");
  state_ = State::authenticated;
  options_.password = {};
  return Bytes{};
}

Result<Bytes> UpstreamLogin::challenged(const backend::Authentication& message) {
  using Kind = backend::Authentication::Kind;
  Bytes out;
  if (message.kind == Kind::sasl_continue) {
    if (state_ != State::sasl_first) return broken("SASLContinue out of turn");
    NG_TRY(const std::string reply, scram_->answer(as_text(message.data)));
    frontend::write_sasl_response(out, reply);
    state_ = State::sasl_final;
    return out;
  }
  if (message.kind == Kind::sasl_final) {
    if (state_ != State::sasl_final) return broken("SASLFinal out of turn");
    NG_TRY_VOID(scram_->verify(as_text(message.data)));
    state_ = State::sasl_proved;
    return out;
  }
  if (state_ != State::asked) return broken("a second challenge in one login");
  switch (message.kind) {
    case Kind::cleartext: return send_clear_password();
    case Kind::md5: return send_md5(message.data);
    case Kind::sasl: return begin_sasl(message);
    default:
      return Error{Code::unsupported, Blame::upstream,
                   "login upstream: the server asks for Kerberos, GSSAPI or SSPI; let this role log in by SCRAM or IAM"};
  }
}

Result<Bytes> UpstreamLogin::send_clear_password() {
  if (options_.scram_pinned) return no("the server asks for the password in clear, and SCRAM is pinned for this resource");
  if (!options_.encrypted) return no("the server asks for the password in clear, and the connection is not under TLS");
  if (options_.password.empty()) return no("the server asks for a password, and the lease has none");
  Bytes out;
  frontend::write_password(out, options_.password.expose());
  state_ = State::password_sent;
  return out;
}

Result<Bytes> UpstreamLogin::send_md5(ByteView salt) {
  if (options_.scram_pinned) return no("the server asks for an MD5 password, and SCRAM is pinned for this resource");
  if (!options_.encrypted) return no("the server asks for an MD5 password, and the connection is not under TLS");
  if (options_.password.empty()) return no("the server asks for a password, and the lease has none");
  std::string salted = md5_hex(options_.password.expose() + options_.user);
  salted.append(as_text(salt));
  Bytes out;
  frontend::write_password(out, "md5" + md5_hex(salted));
  state_ = State::password_sent;
  return out;
}

Result<Bytes> UpstreamLogin::begin_sasl(const backend::Authentication& message) {
  const auto offers = [&](std::string_view name) {
    return std::find(message.mechanisms.begin(), message.mechanisms.end(), name) != message.mechanisms.end();
  };
  const bool plus = offers(scram_sha_256_plus);
  if (!offers(scram_sha_256) && !(plus && !options_.end_point.empty())) {
    return Error{Code::unsupported, Blame::upstream, "login upstream: the server offers no SCRAM-SHA-256"};
  }
  if (options_.password.empty()) return no("the server asks for a password, and the lease has none");
  NG_TRY(ScramClient scram, ScramClient::create(options_.password, options_.end_point, plus, options_.memory));
  scram_.emplace(std::move(scram));
  const std::string first = scram_->first();
  Bytes out;
  frontend::write_sasl_initial(out, {scram_->mechanism(), first});
  state_ = State::sasl_first;
  return out;
}

// An older server steps down from the minor version we asked for. We ask for no _pq_ option, so it can refuse none.
Result<Bytes> UpstreamLogin::negotiate(ByteView body) {
  NG_TRY(const backend::NegotiateProtocolVersion message, backend::decode_negotiate_protocol_version(body));
  const bool sensible = message.major == 3 && message.minor == 0 && message.refused_options.empty();
  if (state_ != State::asked || options_.minor == 0 || !sensible)
    return broken("NegotiateProtocolVersion where there is nothing to negotiate");
  options_.minor = 0;
  return Bytes{};
}

Result<Bytes> UpstreamLogin::report(ByteView body) {
  NG_TRY(const backend::ParameterStatus message, backend::decode_parameter_status(body));
  session_.parameters[std::string(message.name)] = message.value;
  if (session_.parameters.size() > limits::pg_login_parameters_max) return broken("too many parameters are reported");
  return Bytes{};
}

Result<Bytes> UpstreamLogin::keep_key(ByteView body) {
  NG_TRY(const backend::BackendKeyData message, backend::decode_backend_key_data(body));
  if (!session_.cancel_key.empty()) return broken("a second BackendKeyData");
  if (options_.minor == 0 && message.key.size() != 4) return broken("a cancel key of other than 4 bytes under protocol 3.0");
  session_.process = message.process;
  session_.cancel_key.assign(message.key.begin(), message.key.end());
  return Bytes{};
}

Result<Bytes> UpstreamLogin::ready(ByteView body) {
  NG_TRY(const backend::ReadyForQuery message, backend::decode_ready_for_query(body));
  if (message.status != TransactionStatus::idle) return broken("a new session that is inside a transaction");
  session_.minor = options_.minor;
  state_ = State::ready;
  return Bytes{};
}

Error UpstreamLogin::refused(const ErrorFields& fields) {
  const auto text = [&](char code) { return printable_text(fields.get(code)); };
  refusal_ = UpstreamRefusal{printable_text(fields.severity()), text('C'), text('M'), text('D'), text('H')};
  return {Code::refused, Blame::upstream, fmt::format("login upstream: {} ({})", refusal_->message, refusal_->sqlstate)};
}

}  // namespace narrowgate::postgres
