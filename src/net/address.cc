#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <charconv>
#include <cstring>

namespace narrowgate::net {
namespace {

// A peer that vanished without a word is noticed after idle + count × interval ≈ two minutes.
constexpr int keepalive_idle_seconds = 60, keepalive_interval_seconds = 15, keepalive_count = 4;
constexpr std::size_t addresses_tried_max = 16;

Error bad_address(std::string_view text) {
  return {Code::malformed, Blame::client, fmt::format("address {:?}: write host:port, or [::1]:port for IPv6", text)};
}

Error lookup_failed(const Address& address, int code) {
  const Code what = code == EAI_NONAME || code == EAI_NODATA ? Code::not_found : Code::unavailable;
  return {what, Blame::upstream,
          fmt::format("host name {:?}: {}; check the name and the DNS servers", address.host, gai_strerror(code))};
}

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

}  // namespace

std::string Address::to_string() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad_address(text);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return bad_address(text);

  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data() + colon + 1, end, port);
  if (failure != std::errc{} || stopped != end) return bad_address(text);
  return Address{std::string(host), port};
}

bool is_ip_address(const std::string& host) {
  in6_addr ignored;
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

bool is_loopback(std::string_view host) {
  const std::string text(host);
  in_addr v4;
  in6_addr v6;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return text == "localhost";
}

Result<std::vector<SystemAddress>> look_up(const Address& address, Lookup purpose) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags =
      AI_NUMERICSERV | (purpose == Lookup::listen ? AI_PASSIVE : 0) | (is_ip_address(address.host) ? AI_NUMERICHOST : 0);
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const char* host = address.host.empty() ? nullptr : address.host.c_str();
  if (const int code = ::getaddrinfo(host, port.c_str(), &hints, &found); code != 0) return lookup_failed(address, code);

  std::vector<SystemAddress> out;
  for (const addrinfo* each = found; each && out.size() < addresses_tried_max; each = each->ai_next) {
    SystemAddress one;
    one.size = each->ai_addrlen;
    std::memcpy(&one.storage, each->ai_addr, each->ai_addrlen);
    out.push_back(one);
  }
  ::freeaddrinfo(found);
  return out;
}

Address from_system(const SystemAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  if (address.family() != AF_INET6) return {};
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return {text, ntohs(v6.sin6_port)};
}

Address peer_of(int fd) {
  SystemAddress address;
  address.size = sizeof address.storage;
  return ::getpeername(fd, address.get(), &address.size) == 0 ? from_system(address) : Address{};
}

Address local_of(int fd) {
  SystemAddress address;
  address.size = sizeof address.storage;
  return ::getsockname(fd, address.get(), &address.size) == 0 ? from_system(address) : Address{};
}

void set_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_seconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_seconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive_count);
}

}  // namespace narrowgate::net
