// A record: one fact of one session, as bytes that never change once written. The leaf of the log is exactly these bytes.
//
//   kind u8 · version u8 · session (u8 length, text) · seq u64 · wall ns i64 · mono ns u64 · the kind's own fields
//
// Promises: one value has one encoding, so equal records have equal leaves; the decoder accepts only what the encoder writes.
// Not here: framing and checksums (journal.h, segment.h), redaction (redact.h; it happens before encoding).
// Grammar with a worked example: FORMAT.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/result.h"
#include "recording/limits.h"

namespace narrowgate::recording {

inline constexpr std::uint8_t record_version = 1;

enum class Kind : std::uint8_t {
  started = 1,
  text_part = 2,
  intent = 3,
  outcome = 4,
  held = 5,
  approval = 6,
  note = 7,
  data = 8,
  ended = 9,
  run = 10,
};
std::string_view to_string(Kind kind);

enum class Verdict : std::uint8_t { permit = 1, hold = 2, denial = 3 };
std::string_view to_string(Verdict verdict);

// Was the request answered, or does nobody know (the upstream went away, the process was killed)?
enum class Ending : std::uint8_t { completed = 1, unknown = 2 };
std::string_view to_string(Ending ending);

enum class Direction : std::uint8_t { to_upstream = 1, to_client = 2 };
std::string_view to_string(Direction direction);

using Fact = std::pair<std::string, std::string>;

struct Started {
  std::vector<Fact> facts;  // named by session_log.h; empty ones are left out
  friend bool operator==(const Started&, const Started&) = default;
};

// A part of a text too long for one record. The intent that follows names its first part's seq.
struct TextPart {
  std::uint32_t part = 0, parts = 1;
  std::string text;
  friend bool operator==(const TextPart&, const TextPart&) = default;
};

// A parameter by shape: its type, its length, and a keyed digest, so that equal values are comparable and none is readable.
struct Shape {
  std::uint32_t type = 0;
  bool null = false;
  std::uint32_t length = 0;
  std::array<Byte, 16> digest{};     // all zero if null
  std::optional<std::string> value;  // only where the resource says capture: full
  friend bool operator==(const Shape&, const Shape&) = default;
};

struct DecisionFacts {
  std::string decision;
  Verdict verdict = Verdict::denial;
  std::string code, danger, effects, approval;
  std::vector<std::string> policies;
  friend bool operator==(const DecisionFacts&, const DecisionFacts&) = default;
};

struct IntentRecord {
  std::uint64_t decision_at = 0;  // 0: inline; otherwise the seq of the intent that spelled it out
  DecisionFacts decision;         // its verdict is always here
  std::uint64_t text_at = 0;      // 0: inline; otherwise the seq of an intent or of a first text part
  std::string text;
  std::vector<Shape> parameters;
  std::uint32_t folded = 0;  // so many parameters share the last shape: summed length, digest of their digests
  friend bool operator==(const IntentRecord&, const IntentRecord&) = default;
};

struct OutcomeRecord {
  std::uint64_t intent = 0;  // seq
  Ending ending = Ending::unknown;
  std::uint64_t rows = 0, bytes = 0, duration_ns = 0;
  std::string tag, sqlstate, columns;
  friend bool operator==(const OutcomeRecord&, const OutcomeRecord&) = default;
};

struct HeldRecord {
  std::uint64_t intent = 0;
  std::string approval, reason;
  std::uint32_t quorum = 1;
  std::vector<std::string> groups;
  friend bool operator==(const HeldRecord&, const HeldRecord&) = default;
};

struct ApprovalRecord {
  std::string approval, state, who, how;  // state: approved, denied, expired, withdrawn, consumed
  bool once = true;
  friend bool operator==(const ApprovalRecord&, const ApprovalRecord&) = default;
};

struct NoteRecord {
  std::string kind, text;
  friend bool operator==(const NoteRecord&, const NoteRecord&) = default;
};

struct DataRecord {
  std::uint64_t intent = 0;
  Direction direction = Direction::to_client;
  Shape shape;
  friend bool operator==(const DataRecord&, const DataRecord&) = default;
};

struct EndedRecord {
  std::string reason;
  std::uint64_t revoke_ns = 0;  // from the revoke command to the closed sockets; 0 if nothing was revoked
  friend bool operator==(const EndedRecord&, const EndedRecord&) = default;
};

// The gateway's own record of a run of itself: started, stopped, what recovery found.
struct RunRecord {
  std::string what, detail;
  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

using Body = std::variant<Started, TextPart, IntentRecord, OutcomeRecord, HeldRecord, ApprovalRecord, NoteRecord, DataRecord,
                          EndedRecord, RunRecord>;

struct Record {
  std::string session;
  std::uint64_t seq = 0;      // 1, 2, 3 … within the session, with no gap
  std::int64_t wall_ns = 0;   // never goes backwards within a session
  std::uint64_t mono_ns = 0;  // since the session started
  Body body;
  Kind kind() const { return Kind(body.index() + 1); }
  WallTime wall() const { return WallTime{std::chrono::nanoseconds{wall_ns}}; }
  friend bool operator==(const Record&, const Record&) = default;
};

// Malformed (blame: gateway) unless `bytes` is exactly one record as encode() writes it.
Result<Record> decode_record(ByteView bytes);
// For everything but the hot path, which writes the same grammar straight into the journal (session_log.cc).
Bytes encode_record(const Record& record);

}  // namespace narrowgate::recording
