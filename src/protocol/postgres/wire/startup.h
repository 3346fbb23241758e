// The packets that open a PostgreSQL connection, before any message has a type.
//
//   ClientGreeting     the order of SSLRequest, GSSENCRequest, StartupMessage, CancelRequest, and what may not follow them
//   StartupMessage     what the client wants to be: user, database, settings; read exactly as PostgreSQL reads them
//   client_settings()  every setting it asks for, whichever way it is spelled: parameter, -c, -cname, --name (startup_options.cc)
//
// Promises:
//  - A length outside [8, limits::startup_bytes_max] is an error as soon as its four bytes are there.
//  - A byte behind SSLRequest or GSSENCRequest is an error: whoever does not wait for the answer speaks in clear what the other
//    side will take for encrypted (CVE-2021-23214).
//  - A command-line switch that is not a setting (-B, -D, -r …) is an error that names it.
// Not here: whether a setting, a user or replication is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "protocol/wire/writer.h"

namespace narrowgate::postgres {

struct Setting {
  std::string name;  // lower case
  std::string value;
  friend bool operator==(const Setting&, const Setting&) = default;
};

struct SslRequest {};
struct GssEncRequest {};
struct CancelRequest {
  std::int32_t process = 0;
  Bytes key;  // 4 bytes under protocol 3.0, 4 to 256 under 3.2
};
// Protocol 1 or 2, or something that never was: to be answered with write_old_protocol_error().
struct ForeignProtocol {
  std::uint16_t major = 0, minor = 0;
};

struct StartupMessage {
  struct Parameter {
    std::string name, value;
  };
  std::uint16_t minor = 0;            // of protocol 3
  std::vector<Parameter> parameters;  // in order, duplicates kept

  // The last one of that name, as PostgreSQL takes it.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view user() const { return find("user").value_or(""); }
  // PostgreSQL's rule: the user's name when none is given. A plain name, whatever it looks like.
  std::string_view database() const;
  // Names of the _pq_ protocol options asked for. We know none.
  std::vector<std::string_view> protocol_options() const;
};

using StartupPacket = std::variant<SslRequest, GssEncRequest, CancelRequest, ForeignProtocol, StartupMessage>;

// One whole packet, length included.
Result<StartupPacket> decode_startup(ByteView packet);

// Reads a client's packets in the only orders there are.
class ClientGreeting {
 public:
  struct Step {
    StartupPacket packet;
    std::size_t size = 0;  // bytes of the buffer it took
  };
  // The packet at the start of `buffer`, or nothing while it is not whole. `encrypted`: the connection is under TLS now.
  Result<std::optional<Step>> next(ByteView buffer, bool encrypted);

 private:
  Result<Done> check_order(const StartupPacket& packet, bool alone, bool encrypted);
  bool ssl_asked_ = false;
  bool gss_asked_ = false;
};

// Minor versions of protocol 3 that we speak: 0 and 2 (there never was a 1).
inline constexpr std::uint16_t newest_minor = 2;
std::uint16_t agreed_minor(const StartupMessage& startup);
// The client must be told (answer::negotiate_protocol_version) what it will not get.
bool needs_negotiation(const StartupMessage& startup);

enum class Replication : std::uint8_t { none, physical, database };
// What `replication` asks for, in any spelling PostgreSQL takes. An unreadable value is an error; of several, one that
// asks is enough.
Result<Replication> replication_asked(const StartupMessage& startup);

// The settings in an `options` string, as PostgreSQL's pg_split_opts and getopt read it.
Result<std::vector<Setting>> parse_options(std::string_view options);
// Every setting the client asks for, in the order PostgreSQL applies them (the last one counts): those of `options`, then the
// parameters that are not user, database, options, replication or a _pq_ option.
Result<std::vector<Setting>> client_settings(const StartupMessage& startup);

// A client_encoding in which each byte under 0x80 is that ASCII character (false for SJIS, BIG5, GBK, UHC, JOHAB, GB18030, and
// for names nobody knows): otherwise the gateway and the server may disagree on where a string ends.
bool is_ascii_safe_encoding(std::string_view name);
bool is_utf8_encoding(std::string_view name);

void write_ssl_request(wire::Writer out);
void write_cancel_request(wire::Writer out, std::int32_t process, ByteView key);
void write_startup(wire::Writer out, const StartupMessage& startup);
// The form of ErrorResponse that protocols 1 and 2 understand.
void write_old_protocol_error(wire::Writer out, std::string_view message);

}  // namespace narrowgate::postgres
