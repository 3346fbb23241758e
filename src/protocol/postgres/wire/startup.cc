#include "protocol/postgres/wire/startup.h"

#include <fmt/format.h>

#include "protocol/postgres/wire/wire_limits.h"
#include "protocol/wire/reader.h"

namespace narrowgate::postgres {
namespace {

constexpr std::size_t packet_min = 8;          // a length and a code
constexpr std::uint16_t request_major = 1234;  // no protocol version; PostgreSQL's mark of a request
enum Request : std::uint16_t { cancel = 5678, ssl = 5679, gss_enc = 5680 };
constexpr std::string_view protocol_option_prefix = "_pq_.";

Error malformed(std::string_view what) { return {Code::malformed, Blame::client, fmt::format("startup packet {}", what)}; }

Result<std::size_t> packet_size(ByteView buffer) {
  const std::uint32_t size = wire::load_u32(buffer.data());
  if (size < packet_min) return malformed(fmt::format("has the length {}, too short for any", size));
  if (size > limits::startup_bytes_max) {
    return Error{Code::too_large, Blame::client,
                 fmt::format("startup packet has the length {}; at most {} is taken (is this TLS or HTTP?)", size,
                             limits::startup_bytes_max)};
  }
  return std::size_t(size);
}

Result<StartupPacket> read_cancel(wire::Reader in) {
  CancelRequest request;
  request.process = in.i32();
  const ByteView key = in.rest();
  if (key.size() < 4 || key.size() > limits::pg_cancel_key_bytes_max) in.refuse("has a key of neither 4 nor up to 256 bytes");
  request.key.assign(key.begin(), key.end());
  return in.finish("CancelRequest", Blame::client, StartupPacket(std::move(request)));
}

Result<StartupPacket> read_parameters(wire::Reader in, std::uint16_t minor) {
  StartupMessage message{.minor = minor, .parameters = {}};
  while (!in.failed()) {
    const std::string_view name = in.cstring();
    if (in.failed() || name.empty()) break;
    message.parameters.push_back({std::string(name), std::string(in.cstring())});
  }
  const bool has_user = !message.user().empty();
  NG_TRY(StartupPacket packet, in.finish("Startup", Blame::client, StartupPacket(std::move(message))));
  if (!has_user) return malformed("names no user; every client must (libpq: user=…)");
  return packet;
}

Result<StartupPacket> read_request(wire::Reader in, std::uint16_t request) {
  switch (request) {
    case cancel: return read_cancel(in);
    case ssl: return in.finish("SSLRequest", Blame::client, StartupPacket(SslRequest{}));
    case gss_enc: return in.finish("GSSENCRequest", Blame::client, StartupPacket(GssEncRequest{}));
    default: return malformed(fmt::format("holds the unknown request {}", request));
  }
}

}  // namespace

std::optional<std::string_view> StartupMessage::find(std::string_view name) const {
  for (auto parameter = parameters.rbegin(); parameter != parameters.rend(); ++parameter) {
    if (parameter->name == name) return parameter->value;
  }
  return {};
}

std::string_view StartupMessage::database() const {
  const std::string_view named = find("database").value_or("");
  return named.empty() ? user() : named;
}

std::vector<std::string_view> StartupMessage::protocol_options() const {
  std::vector<std::string_view> options;
  for (const Parameter& parameter : parameters) {
    if (parameter.name.starts_with(protocol_option_prefix)) options.push_back(parameter.name);
  }
  return options;
}

Result<StartupPacket> decode_startup(ByteView packet) {
  if (packet.size() < packet_min) return malformed("ends too early");
  NG_TRY(const std::size_t size, packet_size(packet));
  if (size != packet.size()) return malformed("is not as long as it says");
  wire::Reader in(packet.subspan(4));
  const std::uint16_t major = in.u16(), minor = in.u16();
  if (major == request_major) return read_request(in, minor);
  if (major != 3) return StartupPacket(ForeignProtocol{major, minor});
  return read_parameters(in, minor);
}

Result<std::optional<ClientGreeting::Step>> ClientGreeting::next(ByteView buffer, bool encrypted) {
  if (buffer.size() < 4) return std::optional<Step>{};
  NG_TRY(const std::size_t size, packet_size(buffer));
  if (buffer.size() < size) return std::optional<Step>{};
  NG_TRY(StartupPacket packet, decode_startup(buffer.first(size)));
  NG_TRY_VOID(check_order(packet, buffer.size() == size, encrypted));
  return std::optional(Step{std::move(packet), size});
}

// One SSLRequest and one GSSENCRequest, in clear, each with nothing behind it.
Result<Done> ClientGreeting::check_order(const StartupPacket& packet, bool alone, bool encrypted) {
  const bool asks_ssl = std::holds_alternative<SslRequest>(packet), asks_gss = std::holds_alternative<GssEncRequest>(packet);
  if (!asks_ssl && !asks_gss) return Done{};
  const std::string_view name = asks_ssl ? "SSLRequest" : "GSSENCRequest";
  bool& asked = asks_ssl ? ssl_asked_ : gss_asked_;
  if (encrypted) return Error{Code::refused, Blame::client, fmt::format("{} on a connection that is already encrypted", name)};
  if (asked) return Error{Code::refused, Blame::client, fmt::format("a second {}", name)};
  if (!alone) return Error{Code::refused, Blame::client, fmt::format("bytes in clear behind {}, before its answer", name)};
  asked = true;
  return Done{};
}

std::uint16_t agreed_minor(const StartupMessage& startup) { return startup.minor >= newest_minor ? newest_minor : 0; }

bool needs_negotiation(const StartupMessage& startup) {
  return startup.minor != agreed_minor(startup) || !startup.protocol_options().empty();
}

void write_ssl_request(wire::Writer out) {
  out.framed([&] {
    out.u16(request_major);
    out.u16(ssl);
  });
}

void write_cancel_request(wire::Writer out, std::int32_t process, ByteView key) {
  out.framed([&] {
    out.u16(request_major);
    out.u16(cancel);
    out.i32(process);
    out.bytes(key);
  });
}

void write_startup(wire::Writer out, const StartupMessage& startup) {
  out.framed([&] {
    out.u16(3);
    out.u16(startup.minor);
    for (const auto& [name, value] : startup.parameters) {
      out.cstring(name);
      out.cstring(value);
    }
    out.u8(0);
  });
}

void write_old_protocol_error(wire::Writer out, std::string_view message) {
  out.u8('E');
  out.text("FATAL:  narrowgate: ");
  out.text(message);
  out.cstring("\n");
}

}  // namespace narrowgate::postgres
