#include "protocol/postgres/greeting.h"

#include "base/limits.h"
#include "protocol/postgres/wire/client_login.h"
#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {
namespace {

constexpr Byte kTlsHandshake = 0x16;  // the first byte of a ClientHello, and of no startup packet
constexpr std::string_view kAlpn = "postgresql";

Task<Result<Done>> say_byte(ClientSide& client, char byte) { co_return co_await client.say(std::string(1, byte)); }

// A client that begins with TLS at once must name the protocol: a web page cannot (ALPACA).
Task<Result<Done>> direct_tls(ClientSide& client, const GreetingOptions& options) {
  if (!options.tls) co_return Error{Code::refused, Blame::client, "TLS on a listener without TLS"};
  NG_CO_TRY_VOID(co_await client.stream().start_tls_server(*options.tls, limits::handshake_deadline));
  const auto tls = client.stream().tls();
  if (!tls || tls->alpn != kAlpn) co_return Error{Code::refused, Blame::client, "direct TLS without ALPN \"postgresql\""};
  co_return Done{};
}

Task<Result<StartupPacket>> read_packet(ClientSide& client, Reader& reader, ClientGreeting& greeting) {
  for (;;) {
    NG_CO_TRY(auto step, greeting.next(reader.waiting(), client.stream().tls().has_value()));
    if (step) {
      reader.consume(step->size);
      co_return std::move(step->packet);
    }
    NG_CO_TRY_VOID(co_await reader.fill(limits::handshake_deadline));
  }
}

// What a broken or foreign packet is answered with before the connection closes.
Task<void> say_protocol_error(ClientSide& client, Error error) {
  if (error.code == Code::closed || error.code == Code::timed_out) co_return;
  co_await dismiss_client(client, refusal_for(error, Moment::connect));
}

Refusal fatal(std::string sqlstate, std::string message, std::string hint) {
  Refusal refusal;
  refusal.severity = Severity::fatal;
  refusal.sqlstate = std::move(sqlstate);
  refusal.message = std::move(message);
  refusal.hint = std::move(hint);
  return refusal;
}

// What stands in the way of talking to this client at all.
Result<std::optional<Refusal>> objection(const StartupMessage& startup, const GreetingOptions& options, bool encrypted) {
  if (!encrypted && options.plaintext == Plaintext::refused)
    return std::optional(fatal("28000", "narrowgate: an encrypted connection is required",
                               "Connect with sslmode=require, or better verify-full."));
  NG_TRY(const Replication replication, replication_asked(startup));
  if (replication != Replication::none)
    return std::optional(
        fatal("0A000", "narrowgate: replication connections are not available", "Connect without the replication option."));
  if (startup.user().empty())
    return std::optional(
        fatal("28000", "narrowgate: no agent name was given", "Set user to the agent's name, or agent/template."));
  return std::optional<Refusal>();
}

Task<Result<Done>> negotiate(ClientSide& client, const StartupMessage& startup) {
  if (!needs_negotiation(startup)) co_return Done{};
  Bytes out;
  const auto options = startup.protocol_options();
  answer::negotiate_protocol_version(out, agreed_minor(startup), options);
  co_return co_await client.say(std::string(as_text(out)));
}

}  // namespace

Refusal notice_of(std::string text) {
  Refusal notice;
  notice.severity = Severity::notice;
  notice.sqlstate = "00000";
  notice.message = std::move(text);
  return notice;
}

Task<void> dismiss_client(ClientSide& client, Refusal refusal) {
  refusal.severity = Severity::fatal;
  Bytes out;
  write(out, refusal);
  (void)co_await client.say(std::string(as_text(out)));
  client.stream().close();
}

Task<Result<std::optional<StartupMessage>>> greet_client(ClientSide& client, Reader& reader, const GreetingOptions& options,
                                                         CancelKeys& cancel_keys) {
  std::array<Byte, 1> first{};
  NG_CO_TRY_VOID(co_await client.stream().peek(first, limits::handshake_deadline));
  if (first[0] == kTlsHandshake) NG_CO_TRY_VOID(co_await direct_tls(client, options));

  ClientGreeting greeting;
  for (;;) {
    Result<StartupPacket> packet = co_await read_packet(client, reader, greeting);
    if (!packet.ok()) {
      const Error error = packet.error();
      co_await say_protocol_error(client, error);
      co_return error;
    }
    if (std::holds_alternative<SslRequest>(*packet)) {
      const bool offer = options.tls != nullptr;
      const char reply = offer ? 'S' : 'N';
      NG_CO_TRY_VOID(co_await say_byte(client, reply));
      if (offer) NG_CO_TRY_VOID(co_await client.stream().start_tls_server(*options.tls, limits::handshake_deadline));
    } else if (std::holds_alternative<GssEncRequest>(*packet)) {
      NG_CO_TRY_VOID(co_await say_byte(client, 'N'));
    } else if (const auto* cancel = std::get_if<CancelRequest>(&*packet)) {
      cancel_keys.cancel(cancel->process, cancel->key);
      client.stream().close();
      co_return std::optional<StartupMessage>();
    } else if (std::holds_alternative<ForeignProtocol>(*packet)) {
      Bytes out;
      write_old_protocol_error(out, "narrowgate: this server speaks PostgreSQL protocol 3 only");
      (void)co_await client.say(std::string(as_text(out)));
      client.stream().close();
      co_return std::optional<StartupMessage>();
    } else {
      StartupMessage startup = std::get<StartupMessage>(std::move(packet).take());
      auto refusal = objection(startup, options, client.stream().tls().has_value());
      if (!refusal.ok()) {
        co_await say_protocol_error(client, refusal.error());
        co_return refusal.error();
      }
      if (*refusal) {
        const std::string why = (*refusal)->message;
        co_await dismiss_client(client, **refusal);
        co_return Error{Code::refused, Blame::client, why};
      }
      NG_CO_TRY_VOID(co_await negotiate(client, startup));
      co_return std::optional<StartupMessage>(std::move(startup));
    }
  }
}

Task<Result<Proof>> prove_client(ClientSide& client, Reader& reader, Challenge challenge) {
  auto* scram = std::get_if<AskScram>(&challenge);
  const auto tls = client.stream().tls();
  ClientLogin login = scram ? ClientLogin::ask_for_scram(ScramQuestion{scram->salt, scram->iterations, std::move(scram->check)},
                                                         tls ? tls->server_end_point : Bytes())
                            : ClientLogin::ask_for_token();
  const Bytes begin = login.begin();
  NG_CO_TRY_VOID(co_await client.say(std::string(as_text(begin))));
  for (;;) {
    NG_CO_TRY(LoginStep step, login.next(reader.waiting()));
    reader.consume(step.used);
    if (!step.send.empty()) NG_CO_TRY_VOID(co_await client.say(std::string(as_text(step.send))));
    if (step.finished) break;
    if (step.used == 0) NG_CO_TRY_VOID(co_await reader.fill(limits::handshake_deadline));
  }
  reader.enter(FrontendFrames::Phase::session);
  if (scram) co_return Proof(ProvedKey{});
  co_return Proof(login.take_token());
}

Result<Introduction> introduce(const StartupMessage& startup) {
  Introduction out;
  NG_TRY(std::vector<Setting> settings, client_settings(startup));
  const std::string_view user = startup.user();
  const auto slash = user.find('/');
  out.hello.agent = user.substr(0, slash);
  if (slash != std::string_view::npos) out.hello.task_template = user.substr(slash + 1);
  out.hello.place = startup.find("database").value_or("");
  for (Setting& setting : settings) {
    if (setting.name == "narrowgate.task") out.hello.task_template = std::move(setting.value);
    else if (setting.name == "narrowgate.reason") out.hello.reason = std::move(setting.value);
    else if (setting.name == "narrowgate.ticket") out.hello.ticket = std::move(setting.value);
    else if (setting.name.starts_with("narrowgate."))
      return Error{Code::malformed, Blame::client,
                   fmt::format("setting {} is not known; there are narrowgate.task, .reason and .ticket", setting.name)};
    else out.settings.push_back(std::move(setting));
  }
  if (out.hello.reason.size() > limits::reason_bytes_max || out.hello.ticket.size() > limits::reason_bytes_max)
    return Error{Code::too_large, Blame::client,
                 fmt::format("narrowgate.reason and narrowgate.ticket may have {} bytes each", limits::reason_bytes_max)};
  return out;
}

}  // namespace narrowgate::postgres
