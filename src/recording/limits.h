// Named limits of the recording, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace narrowgate::recording::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t block_plain_max = 1u << 20;                 // what a reader must hold in memory at once
inline constexpr std::size_t record_bytes_max = block_plain_max - 4096;  // one record always fits one block
inline constexpr std::size_t text_inline_max = 256;                      // shorter statements are written out each time
inline constexpr std::size_t text_part_max = 128 * 1024;                 // longer ones go ahead in parts of this size
inline constexpr std::size_t text_bytes_max = 24u << 20;     // statements are refused long before (base: statement_bytes_max)
inline constexpr std::size_t text_known_max = 2u << 20;      // a longer one is written each time it is used
inline constexpr std::size_t session_id_max = 64;            // a ULID with prefix is 30
inline constexpr std::size_t names_max = 64;                 // policies of one decision, facts of one session
inline constexpr std::size_t parameters_max = 16'384;        // recorded one by one; PostgreSQL's Bind may carry 65 535
inline constexpr std::size_t word_max = 256;                 // tags, codes, identifiers
inline constexpr std::size_t prose_max = 16 * 1024;          // effects, column names, notes, reasons
inline constexpr std::size_t values_bytes_max = 128 * 1024;  // of one statement's captured values together
inline constexpr std::size_t value_bytes_max = 64 * 1024;    // a longer value is recorded by digest, even if captured

inline constexpr std::size_t journal_bytes_default = 16u << 20;  // per file; two per event loop exist at a time
inline constexpr std::size_t journal_bytes_min = 64 * 1024;
inline constexpr std::size_t journal_bytes_max = 1u << 30;
inline constexpr std::size_t writers_max = 256;                  // event loops; one per core
inline constexpr std::size_t journal_reserve = 16 * 1024;        // kept for the outcomes of what was forwarded already
inline constexpr std::size_t segment_bytes_default = 64u << 20;  // compressed; a new segment starts above this
inline constexpr std::size_t checkpoint_bytes_max = 4096;        // a note of ours is about 250
inline constexpr std::size_t live_journals_max = 4096;           // in a segment's header; far above loops × 2

inline constexpr auto seal_every = 1s;               // security-model §1.10
inline constexpr std::size_t seal_records = 10'000;  // or this many, whichever comes first
inline constexpr auto seal_poll = 50ms;              // how soon the sealer notices a full journal
inline constexpr auto stalled_max = 1s;              // sealing may fail so long before reads stop too (§3.11)

}  // namespace narrowgate::recording::limits
