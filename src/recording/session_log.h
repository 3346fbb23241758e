// One session's view of the recorder. The session tells it what happens, in order, from its loop's thread.
//
//   start ▸ { intent ▸ (held ▸ approval …) ▸ outcome }* ▸ end
//
// Promises:
//  - When intent() or held() says yes, the record survives the process: only then may anything be forwarded or asked.
//  - seq counts 1, 2, 3 … with no gap; a refused append takes no number.
//  - Every text goes through the one redaction; values are kept by shape unless the resource says capture: full.
//  - A short statement's intent and outcome allocate nothing and cost well under a microsecond together.
//  - Recorded time never goes backwards; if the wall clock does, a note says by how much.
// Not here: deciding what is worth recording, and rendering it (reader.h, export.h).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "recording/record.h"
#include "recording/recorder.h"

namespace narrowgate::recording {

enum class Capture : std::uint8_t { shape, full };

// All views borrow for the call only. Empty fields are left out of the record.
struct SessionFacts {
  std::string_view session, task, grant, agent, owner, on_behalf_of, task_template, reason, ticket, resource, protocol, database,
      peer, issuer, subject, assurance, policy_version, asked, granted, expires;
};

// One parameter or other value, as the protocol had it.
struct Value {
  std::uint32_t type = 0;  // the protocol's own type number (PostgreSQL: type OID); 0 if unknown
  bool null = false;
  ByteView bytes;
};

struct Intent {
  std::string_view decision;  // dec_…
  Verdict verdict = Verdict::denial;
  std::string_view code;      // the denial's code: "scope_denied"
  std::string_view danger;    // "read", "write" …
  std::string_view effects;   // "UPDATE public.refunds(state); SELECT public.refunds(batch)"
  std::string_view approval;  // apr_… that this consumes
  std::span<const std::string> policies;
  std::string_view text;
  std::span<const Value> parameters;
  bool durable = false;  // R2 and above: must not be lost (journal.h, Need::durable)
};

struct Outcome {
  std::uint64_t intent = 0;  // what intent() answered
  Ending ending = Ending::completed;
  std::string_view tag;       // "UPDATE 41"
  std::string_view sqlstate;  // "" if it went well
  std::string_view columns;   // names of the result's columns, if known
  std::uint64_t rows = 0, bytes = 0;
  std::chrono::nanoseconds duration{0};
};

class SessionLog {
 public:
  // Writes `started`. The recorder and the writer outlive the session; `writer` is the one of this loop.
  static Result<std::unique_ptr<SessionLog>> start(Recorder& recorder, JournalWriter& writer, const SessionFacts& facts,
                                                   Capture capture = Capture::shape);

  // → its seq, for outcome(), held() and data().
  Result<std::uint64_t> intent(const Intent& intent);
  Result<Done> outcome(const Outcome& outcome);
  Result<Done> held(std::uint64_t intent, std::string_view approval, unsigned quorum, std::span<const std::string> groups,
                    std::string_view reason);
  // `state`: approved, denied, expired, withdrawn, consumed. `who`: human:ana. `how`: webauthn, cli.
  Result<Done> approval(std::string_view approval, std::string_view state, std::string_view who, std::string_view how, bool once);
  Result<Done> note(std::string_view kind, std::string_view text);
  // Bytes that flow (COPY, exec, rows under capture: full). With Capture::shape only their length and digest are kept.
  Result<Done> data(std::uint64_t intent, Direction direction, ByteView bytes);
  // The last record. `revoke`: from the revoke command to the closed sockets, 0 if nothing was revoked.
  Result<Done> end(std::string_view reason, std::chrono::nanoseconds revoke = {});

  const std::string& session() const { return session_; }
  std::uint64_t last_seq() const { return seq_; }
  bool ended() const { return ended_; }

 private:
  // What a recent intent spelled out, so that a later one can point at it.
  struct KnownText {
    std::uint64_t at = 0;
    std::string text;
  };
  struct KnownDecision {
    std::uint64_t at = 0, print = 0;
    std::uint8_t id_size = 0;
    std::array<char, 32> id{};
  };
  SessionLog(Recorder& recorder, JournalWriter& writer, std::string session, Capture capture);

  template <class Put>
  Result<std::uint64_t> put_record(Kind kind, std::size_t body_max, Need need, Put put);
  Result<Done> write(Body body, Need need);
  Result<Done> tell_clock(Need need);
  Result<std::uint64_t> write_parts(std::string_view redacted, Need need);
  Result<std::uint64_t> settle_text(std::string_view raw, std::string_view redacted, Need need);
  std::uint64_t known_decision(const Intent& intent, std::uint64_t print) const;
  void remember(const Intent& intent, std::uint64_t print, std::uint64_t at);
  std::string clean(std::string_view text, std::size_t max) const;
  Shape shape_of(const Value& value, std::size_t& budget) const;

  Recorder& recorder_;
  JournalWriter& writer_;
  const std::string session_;
  const Capture capture_;
  const MonoTime started_;
  std::uint64_t seq_ = 0;
  std::int64_t wall_ns_ = 0;      // of the last record; never goes back
  std::int64_t raw_wall_ns_ = 0;  // what the clock said then
  bool ended_ = false;
  std::array<KnownText, 4> texts_;
  std::array<KnownDecision, 4> decisions_;
  std::uint32_t next_text_ = 0, next_decision_ = 0;
  std::string scratch_;
};

}  // namespace narrowgate::recording
