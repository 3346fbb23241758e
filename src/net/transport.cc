#include "net/transport.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace narrowgate::net {
namespace {

Step judge(ssize_t returned, Step if_full) {
  if (returned >= 0) return Step::done;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return if_full;
  return Step::failed;
}

Step receive_plain(Socket& socket, std::span<Byte> into, std::size_t& size, int flags) {
  ssize_t got;
  do {
    got = ::recv(socket.fd(), into.data(), into.size(), flags);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return Step::ended;
  if (got > 0) size = std::size_t(got);
  return judge(got, Step::wants_read);
}

Step transmit_plain(Socket& socket, ByteView bytes, std::size_t& size) {
  ssize_t sent;
  do {
    sent = ::send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) size = std::size_t(sent);
  return judge(sent, Step::wants_write);
}

}  // namespace

Step receive(Socket& socket, std::span<Byte> into, std::size_t& size) {
  if (!socket.tls) {
    const Step step = receive_plain(socket, into, size, 0);
    socket.drained = step == Step::done && size < into.size();
    return step;
  }
  socket.drained = false;  // what TLS has left over, and whether the kernel has more, only the next try tells
  return socket.tls->read(into, size);
}

Step transmit(Socket& socket, ByteView bytes, std::size_t& size) {
  return socket.tls ? socket.tls->write(bytes, size) : transmit_plain(socket, bytes, size);
}

Step peek_plain(Socket& socket, std::span<Byte> into, std::size_t& size) { return receive_plain(socket, into, size, MSG_PEEK); }

Error why(Socket& socket, Step step) {
  const std::string who = fmt::format("the {}", to_string(socket.blame()));
  if (step == Step::ended && !socket.tls) return {Code::closed, socket.blame(), who + " closed the connection"};
  const std::string reason = socket.tls ? socket.tls->failure() : std::strerror(errno);
  const bool ended = step == Step::ended || !socket.tls;
  if (ended && reason.empty()) return {Code::closed, socket.blame(), who + " closed the connection"};
  if (ended) return {Code::closed, socket.blame(), fmt::format("{} is gone: {}", who, reason)};
  return {Code::malformed, socket.blame(), fmt::format("TLS with {}: {}", who, reason)};
}

Error closed_here(Socket& socket) {
  return {Code::closed, Blame::gateway, fmt::format("the connection to the {} was closed here", to_string(socket.blame()))};
}

Error too_late(Socket& socket, std::string_view what) {
  return {Code::timed_out, socket.blame(), fmt::format("the {} {} in time", to_string(socket.blame()), what)};
}

}  // namespace narrowgate::net
