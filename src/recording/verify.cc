#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <unordered_map>

#include "base/json.h"
#include "recording/file.h"
#include "recording/folder_scan.h"
#include "recording/reader.h"

namespace narrowgate::recording {
namespace {

// What must hold between the records of one session.
class Continuity {
 public:
  // → what is wrong, or "".
  std::string check(const Record& record) {
    Seen& seen = sessions_[record.session];
    if (record.seq != seen.seq + 1)
      return fmt::format("session {}: record {} follows record {}", record.session, record.seq, seen.seq);
    if (seen.ended) return fmt::format("session {}: goes on after its end", record.session);
    if (record.wall_ns < seen.wall_ns)
      return fmt::format("session {}: record {} is earlier than the one before", record.session, record.seq);
    if (const auto bad = bad_reference(record); !bad.empty())
      return fmt::format("session {}: record {} {}", record.session, record.seq, bad);
    if (record.kind() != Kind::run && (record.seq == 1) != (record.kind() == Kind::started))
      return fmt::format("session {}: does not begin with its facts", record.session);
    seen = {record.seq, record.wall_ns, record.kind() == Kind::ended};
    return {};
  }
  std::uint64_t sessions() const { return sessions_.size(); }

 private:
  struct Seen {
    std::uint64_t seq = 0;
    std::int64_t wall_ns = INT64_MIN;
    bool ended = false;
  };
  static std::string bad_reference(const Record& record) {
    std::uint64_t to = 0;
    if (const auto* r = std::get_if<IntentRecord>(&record.body)) to = std::max(r->decision_at, r->text_at);
    if (const auto* r = std::get_if<OutcomeRecord>(&record.body)) to = r->intent;
    if (const auto* r = std::get_if<HeldRecord>(&record.body)) to = r->intent;
    if (const auto* r = std::get_if<DataRecord>(&record.body)) to = r->intent;
    return to < record.seq ? "" : "points at a record that comes later";
  }
  std::unordered_map<std::string, Seen> sessions_;
};

struct Trust {
  std::optional<Verifier> verifier;
  std::optional<Fault> fault;
};

// The key to verify with: the caller's, or the folder's own, which must then agree with the private key if that is readable.
Result<Trust> find_verifier(const std::string& folder, const std::optional<std::string>& vkey) {
  Trust out;
  const auto fault = [&](std::string file, std::string what) { out.fault = Fault{{std::move(file), 0, {}}, std::move(what)}; };
  auto text = read_whole(folder + "/log.vkey");
  if (!text.ok() && text.error().code != Code::not_found) return std::move(text).error();
  if (!text.ok()) return fault("log.vkey", "is missing"), out;
  if (!as_text(*text).ends_with('\n')) return fault("log.vkey", "ends within its line"), out;
  auto own = Verifier::parse(as_text(*text).substr(0, text->size() - 1));
  if (!own.ok()) return fault("log.vkey", own.error().detail), out;
  if (vkey) {
    NG_TRY(out.verifier, Verifier::parse(*vkey));
    if (out.verifier->vkey() != own->vkey()) fault("log.vkey", "is not the key this log was asked to be verified with");
    return out;
  }
  if (auto raw = read_whole(folder + "/log.key"); raw.ok()) {
    const Secret<Bytes> held(std::move(raw).take());
    const auto skey = as_text(held.expose());  // only to compare with the public half
    auto signer = skey.ends_with('\n') ? Signer::parse(skey.substr(0, skey.size() - 1))
                                       : Result<Signer>(Error{Code::malformed, Blame::gateway, "ends within its line"});
    if (!signer.ok()) return fault("log.key", signer.error().detail), out;
    if (signer->verifier().vkey() != own->vkey()) return fault("log.key", "does not belong to log.vkey"), out;
  }
  out.verifier = std::move(own).take();
  return out;
}

// Recomputes the tree and compares it with the checkpoint on the way.
class Recount {
 public:
  explicit Recount(const Checkpoint& checkpoint) : checkpoint_(checkpoint) { compare({}); }
  void add(const Place& place, ByteView record) {
    tree_.append(leaf_hash(record));
    compare(place);
  }
  const std::optional<Fault>& fault() const { return fault_; }
  std::uint64_t size() const { return tree_.size(); }

 private:
  void compare(const Place& place) {
    if (tree_.size() == checkpoint_.size && tree_.root() != checkpoint_.root)
      fault_ = Fault{place, fmt::format("the first {} records are not those that were signed", checkpoint_.size)};
  }
  const Checkpoint& checkpoint_;
  MerkleTree tree_;
  std::optional<Fault> fault_;
};

json::value place_json(const Place& p) {
  json::object out{{"file", p.file}, {"offset", p.offset}};
  if (p.index) out["record"] = *p.index;
  return out;
}

}  // namespace

Result<VerifyReport> Reader::verify(std::optional<std::string> vkey) const {
  VerifyReport out;
  const auto failed = [&](Fault fault) { return out.fault = std::move(fault), out; };
  NG_TRY(auto trust, find_verifier(folder_, vkey));
  if (trust.fault) return failed(*trust.fault);
  out.log_name = trust.verifier->name();

  // Read before the segments, so that a running gateway's log is never shorter than it.
  auto note = read_whole(folder_ + "/checkpoint");
  if (!note.ok()) return failed({{"checkpoint", 0, {}}, note.error().detail});
  auto checkpoint = trust.verifier->open(as_text(*note));
  if (!checkpoint.ok()) return failed({{"checkpoint", 0, {}}, checkpoint.error().detail});
  out.size = checkpoint->size, out.root = to_hex(checkpoint->root);

  Continuity continuity;
  Recount recount(*checkpoint);
  NG_TRY(auto walk, walk_folder(folder_, [&](const Place& place, ByteView bytes) {
           if (place.index) recount.add(place, bytes);
           if (recount.fault()) return out.fault = recount.fault(), false;
           auto record = decode_record(bytes);
           if (!record.ok()) return out.fault = Fault{place, record.error().detail}, false;
           if (auto wrong = continuity.check(*record); !wrong.empty()) return out.fault = Fault{place, std::move(wrong)}, false;
           return true;
         }));
  out.records = walk.records, out.segments = walk.segments, out.journals = walk.journals;
  out.journal_records = walk.journal_records, out.sessions = continuity.sessions();
  out.unsigned_records = walk.records > out.size ? walk.records - out.size : 0;
  out.remarks = std::move(walk.remarks);
  if (!out.fault) out.fault = walk.fault;
  if (!out.fault && walk.records < out.size)
    out.fault =
        Fault{{"segments", 0, walk.records}, fmt::format("the log has {} records, but {} were signed", walk.records, out.size)};
  out.ok = !out.fault;
  return out;
}

Result<Receipt> Reader::receipt(std::uint64_t index) const {
  NG_TRY(const auto trust, find_verifier(folder_, {}));
  if (trust.fault)
    return Error{Code::malformed, Blame::gateway, fmt::format("{}: {}", trust.fault->place.file, trust.fault->what)};
  NG_TRY(const auto note, read_whole(folder_ + "/checkpoint"));
  NG_TRY(const auto checkpoint, trust.verifier->open(as_text(note)));
  if (index >= checkpoint.size)
    return Error{Code::not_found, Blame::client,
                 fmt::format("record {} is not under the signature yet; the log has {} signed records", index, checkpoint.size)};
  std::vector<Digest> leaves;
  NG_TRY(const auto walk, walk_folder(folder_, [&](const Place&, ByteView bytes) {
           leaves.push_back(leaf_hash(bytes));
           return leaves.size() < checkpoint.size;
         }));
  if (leaves.size() != checkpoint.size || root_of(leaves) != checkpoint.root)
    return Error{Code::malformed, Blame::gateway,
                 "the log does not verify, so nothing can be proved from it; see `narrowgate sessions verify`"};
  return Receipt{checkpoint.origin,         index, checkpoint.size, leaves[index], inclusion_proof(leaves, index),
                 std::string(as_text(note))};
}

std::string to_json(const VerifyReport& r) {
  json::object out{{"ok", r.ok},
                   {"log", r.log_name},
                   {"size", r.size},
                   {"root", r.root},
                   {"records", r.records},
                   {"unsigned_records", r.unsigned_records},
                   {"sessions", r.sessions},
                   {"segments", r.segments},
                   {"journals", r.journals},
                   {"journal_records", r.journal_records}};
  if (r.fault) {
    auto fault = place_json(r.fault->place).as_object();
    fault["what"] = r.fault->what;
    out["fault"] = std::move(fault);
  }
  out["remarks"] = json::array(r.remarks.begin(), r.remarks.end());
  return json::serialize(out);
}

std::string to_json(const Receipt& r) {
  json::array inclusion;
  for (const Digest& digest : r.inclusion) inclusion.emplace_back(to_hex(digest));
  return json::serialize(json::object{{"log", r.log},
                                      {"index", r.index},
                                      {"tree_size", r.tree_size},
                                      {"leaf", "sha256:" + to_hex(r.leaf)},
                                      {"inclusion", std::move(inclusion)},
                                      {"checkpoint", r.checkpoint}});
}

}  // namespace narrowgate::recording
