// Moving bytes between memory and a socket, plain or under TLS, without waiting.
#pragma once

#include "net/socket.h"

namespace narrowgate::net {

Step receive(Socket& socket, std::span<Byte> into, std::size_t& size);
Step transmit(Socket& socket, ByteView bytes, std::size_t& size);
Step peek_plain(Socket& socket, std::span<Byte> into, std::size_t& size);

// What to report of a step that ended or failed.
Error why(Socket& socket, Step step);
Error closed_here(Socket& socket);
Error too_late(Socket& socket, std::string_view what);

}  // namespace narrowgate::net
