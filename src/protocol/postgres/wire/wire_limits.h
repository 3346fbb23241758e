// How much of PostgreSQL's protocol we hold in memory at once, and why. Beside base/limits.h, in the same namespace.
#pragma once

#include "base/limits.h"

namespace narrowgate::limits {

// ---- what a client may send in one message (its body, without type and length)
inline constexpr std::size_t pg_name_bytes_max = 1'024;  // of a statement, portal or setting; PostgreSQL's own names have 63
inline constexpr std::size_t pg_query_body_max = statement_bytes_max + 1;
inline constexpr std::size_t pg_parse_body_max = statement_bytes_max + 512 * 1024;  // names, and 65,535 type ids of 4 bytes
inline constexpr std::size_t pg_bind_body_max = 64u << 20;  // decided on whole, so held whole; larger values go by COPY
inline constexpr std::size_t pg_call_body_max = pg_bind_body_max;
inline constexpr std::size_t pg_name_body_max = pg_name_bytes_max + 16;  // Describe, Execute, Close
inline constexpr std::size_t pg_copy_fail_body_max = 64 * 1024;          // a reason in words
inline constexpr std::size_t pg_cancel_key_bytes_max = 256;              // protocol 3.2's own cap; 4 under 3.0

// ---- what an upstream may send
inline constexpr std::size_t pg_inspected_body_max = 1u << 20;  // all but DataRow and CopyData; 1,600 columns need 140 KiB
inline constexpr std::size_t pg_login_body_max = 64 * 1024;     // before ReadyForQuery nothing honest is longer
inline constexpr std::size_t pg_login_messages_max = 256;       // PostgreSQL 18 sends about 25
inline constexpr std::size_t pg_login_parameters_max = 128;     // PostgreSQL 18 reports 15

// ---- SCRAM
inline constexpr unsigned scram_iterations_default = 4'096;       // PostgreSQL's
inline constexpr unsigned scram_iterations_min = 4'096;           // RFC 7677 §4; fewer make our proof cheap to crack
inline constexpr unsigned scram_iterations_max = 1'000'000;       // about half a second of one core, on the other side's word
inline constexpr std::size_t scram_salt_bytes_max = 256;          // PostgreSQL uses 16
inline constexpr std::size_t scram_keys_remembered_max = 64;      // one per login and resource
inline constexpr std::size_t scram_message_bytes_max = 4 * 1024;  // nonces, salt, proof: under 300 in practice

}  // namespace narrowgate::limits
