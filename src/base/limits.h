// A named limit for everything that can grow, with the reason beside it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace narrowgate::limits {

using namespace std::chrono_literals;

// ---- client connections
inline constexpr std::size_t startup_bytes_max = 10'000;      // PostgreSQL's own cap for a StartupMessage
inline constexpr std::size_t preauth_bytes_max = 16 * 1024;   // a stranger may cost us this much memory
inline constexpr auto handshake_deadline = 5s;                // TLS, startup and proof of identity
inline constexpr auto upstream_connect_deadline = 10s;        // TCP, TLS and login upstream
inline constexpr std::size_t password_bytes_max = 16 * 1024;  // JWTs and IAM tokens are longer than passwords

// ---- statements
inline constexpr std::size_t message_bytes_max = 1u << 30;         // PostgreSQL's own cap for one message
inline constexpr std::size_t statement_bytes_max = 16u << 20;      // longer text is refused before it is parsed
inline constexpr std::size_t statement_tokens_max = 2'000'000;     // a parser's work is linear in this
inline constexpr int parse_recursion_max = 1'000;                  // protobuf nesting; ≈ 490 chained operators
inline constexpr std::size_t parse_inline_bytes_max = 16 * 1024;   // longer text is parsed off the event loop
inline constexpr std::size_t thread_stack_bytes = 16u << 20;       // every thread that may parse has at least this
inline constexpr std::size_t statements_per_message_max = 64;      // in one simple Query
inline constexpr std::size_t prepared_statements_max = 1'000;      // named, per session
inline constexpr std::size_t bind_bytes_recorded_max = 64 * 1024;  // longer parameters are recorded by digest

// ---- caches, per session
inline constexpr std::size_t verdicts_cached_max = 1'024;
inline constexpr std::size_t verdict_text_bytes_max = 16 * 1024;  // longer statements are judged afresh each time
inline constexpr auto verdict_life = 1s;                          // policy may look at the clock

// ---- flow
inline constexpr std::size_t read_chunk_bytes = 64 * 1024;      // bulk transfer is decided by this (see bench/)
inline constexpr std::size_t in_flight_max = 10'000;            // pipelined messages awaiting an answer
inline constexpr auto slow_client_deadline = 30s;               // no byte taken for so long: the session ends
inline constexpr std::size_t masked_row_bytes_max = 16u << 20;  // one row that holds masked values: it is held whole
inline constexpr std::size_t own_answer_bytes_max = 1u << 20;   // to a question of the gateway's own, inside a session

// ---- approvals
inline constexpr auto hold_default = 5min;
inline constexpr auto hold_notice_every = 20s;
inline constexpr std::size_t holds_pending_max = 1'000;  // fleet-wide; one more is refused
inline constexpr std::size_t held_bytes_max = 1u << 20;  // pipelined input kept while a statement is held
inline constexpr auto denial_remembered = 10min;         // the same request cannot shop for another approver

// ---- grants
inline constexpr auto grant_life_default = 1h;
inline constexpr auto grant_life_max = 8h;
inline constexpr std::size_t reason_bytes_max = 500;

}  // namespace narrowgate::limits
