#include "recording/folder_scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "recording/file.h"

namespace narrowgate::recording {
namespace {

struct JournalCopy {
  std::string name;
  Bytes bytes;
};

class Walk {
 public:
  Walk(const std::string& folder, const VisitRecord& visit) : folder_(folder), visit_(visit), live_(is_live(folder)) {}

  // Journals are copied before segments are read: a record that moves meanwhile is then seen twice, not missed, and its position
  // in the segments says which copy to skip.
  Result<FolderWalk> run() {
    NG_TRY(auto journals, copy_journals());
    NG_TRY(auto names, names_in(folder_ + "/segments", ".zst"));
    for (std::size_t i = 0; i < names.size() && going(); ++i) NG_TRY_VOID(segment(names[i], i + 1 == names.size()));
    for (const JournalCopy& journal : journals)
      if (going()) read_journal(journal);
    return std::move(out_);
  }

 private:
  bool going() const { return !out_.fault && !out_.stopped; }
  void fault(std::string file, std::uint64_t offset, std::optional<std::uint64_t> index, std::string what) {
    out_.fault = Fault{{std::move(file), offset, index}, std::move(what)};
  }

  Result<std::vector<JournalCopy>> copy_journals() {
    std::vector<JournalCopy> out;
    auto names = names_in(folder_ + "/journal", ".journal");
    if (!names.ok() && names.error().code == Code::not_found) return out;
    if (!names.ok()) return std::move(names).error();
    for (const auto& name : *names) {
      auto bytes = read_whole(folder_ + "/journal/" + name);
      if (!bytes.ok() && bytes.error().code == Code::not_found) continue;  // sealed and deleted meanwhile
      if (!bytes.ok()) return std::move(bytes).error();
      out.push_back({name, std::move(bytes).take()});
    }
    NG_TRY(auto aside, names_in(folder_ + "/journal", ".damaged"));
    for (const auto& name : aside)
      out_.remarks.push_back(fmt::format("journal/{}: set aside by an earlier start as damaged", name));
    return out;
  }

  Result<Done> segment(const std::string& name, bool last) {
    const std::string file = "segments/" + name;
    const auto index = segment_index(name);
    if (!index) return fault(file, 0, {}, "is not named like a segment"), Done{};
    NG_TRY(auto bytes, read_whole(folder_ + "/" + file));
    ++out_.segments;
    SegmentScan scan(bytes);
    while (going()) {
      auto block = scan.next();
      if (!block.ok()) {
        if (last && live_ && block.error().code == Code::truncated) return Done{};  // being written
        return fault(file, scan.offset(), next_index_, block.error().detail), Done{};
      }
      if (!*block) break;
      take(file, *index, **block);
    }
    if (going() && scan.offset() == 0) {
      if (last && live_) return Done{};
      fault(file, 0, next_index_, "is empty");
    }
    chain_ = scan.chain();
    return Done{};
  }

  void take(const std::string& file, std::uint64_t index, const Block& block) {
    if (const auto* header = std::get_if<SegmentHeader>(&block.plain)) return take_header(file, index, block.offset, *header);
    const Batch& batch = std::get<Batch>(block.plain);
    if (batch.first_index != next_index_)
      return fault(file, block.offset, next_index_,
                   fmt::format("its batch starts at record {}, but {} is next", batch.first_index, next_index_));
    if (batch.journal != 0 && !follows(batch))
      return fault(file, block.offset, next_index_,
                   fmt::format("leaves out, or repeats, a part of journal {:016x}", batch.journal));
    for (const Bytes& record : batch.records) {
      tree_.append(leaf_hash(record));
      const Place place{file, block.offset, next_index_++};
      ++out_.records;
      if (!visit_(place, record)) return void(out_.stopped = true);
    }
  }

  bool follows(const Batch& batch) {
    auto [found, fresh] = positions_.try_emplace(batch.journal, journal_header_bytes);
    const bool ok = found->second == batch.from && batch.to > batch.from;
    found->second = batch.to;
    return ok;
  }

  void take_header(const std::string& file, std::uint64_t index, std::uint64_t offset, const SegmentHeader& header) {
    const auto bad = [&](std::string_view what) { fault(file, offset, next_index_, std::string(what)); };
    if (header.first_index != index) return bad("its name and its header name different first records");
    if (header.first_index != next_index_)
      return bad(fmt::format("starts at record {}, but {} is next", header.first_index, next_index_));
    if (header.frontier != tree_.frontier()) return bad("its header does not continue the tree before it");
    if (header.chain != chain_) return bad("does not follow the segment before it");
    for (const auto& [id, position] : header.positions) {
      const auto known = positions_.find(id);
      if (known == positions_.end() || known->second != position)
        return bad("its header is wrong about how far a journal was sealed");
    }
  }

  void read_journal(const JournalCopy& journal) {
    const std::string file = "journal/" + journal.name;
    auto header = read_journal_header(journal.bytes);
    ++out_.journals;
    if (!header.ok()) {
      const bool unused = live_ && std::all_of(journal.bytes.begin(), journal.bytes.end(), [](Byte b) { return b == 0; });
      if (!unused) fault(file, 0, {}, header.error().detail);
      return;
    }
    const auto sealed = positions_.contains(header->id) ? positions_[header->id] : 0;
    JournalScan scan(journal.bytes, journal_header_bytes);
    for (auto at = scan.offset(); auto frame = scan.next(); at = scan.offset()) {
      if (frame->next <= sealed) continue;
      ++out_.journal_records;
      if (!visit_({file, at, {}}, frame->record)) return void(out_.stopped = true);
    }
    // A copy taken while a record was being written may end in the middle of it.
    if (scan.tail() != Tail::clean && !live_)
      return fault(file, scan.offset(), {},
                   scan.tail() == Tail::torn ? "ends in an unfinished record; the next start cuts it"
                                             : "is damaged here, or a record was changed");
    if (scan.tail() == Tail::damaged) return fault(file, scan.offset(), {}, "is damaged here, or a record was changed");
    if (scan.tail() == Tail::torn) out_.remarks.push_back(fmt::format("{}: a record is being written", file));
  }

  const std::string& folder_;
  const VisitRecord& visit_;
  const bool live_;
  FolderWalk out_;
  MerkleTree tree_;
  Positions positions_;
  Digest chain_{};
  std::uint64_t next_index_ = 0;
};

}  // namespace

bool is_live(const std::string& folder) { return FolderLock::is_held(folder + "/lock"); }

Result<FolderWalk> walk_folder(const std::string& folder, const VisitRecord& visit) { return Walk(folder, visit).run(); }

}  // namespace narrowgate::recording
