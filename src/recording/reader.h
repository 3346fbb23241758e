// Reads a recording folder: which sessions there were, what one of them did, and whether the log is whole.
//
// Works beside a running gateway and on a copy taken elsewhere. Takes no lock, changes nothing.
// Promises: verify() notices any changed byte in segments, checkpoint, keys and journals, and names the first bad place.
// Not here: whether a whole log was swapped for another one signed with the same key. That is a witness's work: keep
// checkpoints elsewhere (Options::on_checkpoint) and compare.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "recording/checkpoint.h"
#include "recording/merkle.h"
#include "recording/record.h"

namespace narrowgate::recording {

// Where a record stands. In a journal it has no index yet.
struct Place {
  std::string file;                    // "segments/00000000000000000000.zst"
  std::uint64_t offset = 0;            // of the block in a segment, of the frame in a journal
  std::optional<std::uint64_t> index;  // in the log
};

struct Filter {
  std::string agent{}, task{}, resource{}, session{};  // "" matches all
  std::optional<WallTime> since{}, until{};            // sessions that overlap
  std::size_t most = 1'000;                            // the latest so many
};

struct SessionSummary {
  std::string session;
  std::map<std::string, std::string> facts;  // as started: agent, task, resource, asked, granted …
  WallTime started{}, last{};
  bool ended = false;
  std::string end_reason;
  std::uint64_t records = 0, permitted = 0, held = 0, denied = 0;
  std::uint64_t unknown = 0;  // permitted, and no outcome says that it was completed
  std::uint64_t rows = 0, bytes = 0;
};

// One statement with all that became of it.
struct Step {
  std::uint64_t seq = 0;
  WallTime at{};
  std::uint64_t mono_ns = 0;
  DecisionFacts decision;  // references resolved
  std::string text;
  std::vector<Shape> parameters;
  std::optional<HeldRecord> held;
  std::optional<OutcomeRecord> outcome;
  std::optional<std::uint64_t> index;  // of the intent in the log
};

struct Session {
  SessionSummary summary;
  std::vector<Step> steps;
  std::vector<std::pair<Place, Record>> timeline;               // every record, in order
  std::vector<std::string> asked, granted, used, held, denied;  // the auditor's view: distinct, in order of first use
};

struct Fault {
  Place place;
  std::string what;
};

struct VerifyReport {
  bool ok = false;
  std::optional<Fault> fault;  // the first
  std::string log_name;
  std::uint64_t size = 0;  // under the signature
  std::string root;        // hex
  std::uint64_t records = 0, sessions = 0, segments = 0, journals = 0;
  std::uint64_t unsigned_records = 0;  // sealed after the checkpoint
  std::uint64_t journal_records = 0;   // not sealed yet
  std::vector<std::string> remarks;    // not faults: a torn tail that the next start will cut, a journal kept aside
};

// What one record's holder can show to somebody who has only the checkpoint (security-model §1.10).
struct Receipt {
  std::string log;
  std::uint64_t index = 0, tree_size = 0;
  Digest leaf{};
  std::vector<Digest> inclusion;
  std::string checkpoint;  // the signed note
};

class Reader {
 public:
  static Result<Reader> open(std::string folder);

  // Every record in log order, then those still in journals. Stops when `visit` says false. An unreadable place is an Error.
  Result<Done> each(const std::function<bool(const Place&, const Record&)>& visit) const;
  Result<std::vector<SessionSummary>> sessions(const Filter& filter) const;  // latest first
  Result<Session> session(std::string_view id) const;
  // With `vkey` from elsewhere the log must be signed by that key; otherwise by the folder's own log.vkey.
  Result<VerifyReport> verify(std::optional<std::string> vkey = {}) const;
  Result<Receipt> receipt(std::uint64_t index) const;

 private:
  explicit Reader(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

std::string to_json(const VerifyReport& report);
std::string to_json(const Receipt& receipt);
std::string to_json(const SessionSummary& summary);
std::string to_json(const Session& session);

}  // namespace narrowgate::recording
