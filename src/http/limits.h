// What one HTTP peer may cost us.
#pragma once

#include <chrono>
#include <cstddef>

namespace narrowgate::http::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t head_bytes_max = 16 * 1024;  // first line and headers; the common choice of servers
inline constexpr std::size_t headers_max = 100;           // browsers send about 20
inline constexpr std::size_t body_bytes_max = 1u << 20;   // unless a route says otherwise
inline constexpr std::size_t chunk_line_bytes_max = 256;  // a size and nothing else
inline constexpr std::size_t path_segments_max = 32;
inline constexpr std::size_t query_fields_max = 100;
inline constexpr auto head_deadline = 10s;             // from the first byte of a request to the end of its head
inline constexpr auto body_deadline = 30s;             // and from there to the end of its body
inline constexpr auto idle_deadline = 60s;             // between requests on one connection
inline constexpr auto slow_reader_deadline = 30s;      // no byte of a response taken for so long
inline constexpr std::size_t connections_max = 1'000;  // per server; one more is closed at once
inline constexpr auto fetch_deadline = 10s;            // a client's whole exchange

}  // namespace narrowgate::http::limits
