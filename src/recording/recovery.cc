#include "recording/recovery.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/log.h"
#include "recording/batcher.h"
#include "recording/file.h"
#include "recording/journal.h"

namespace narrowgate::recording {
namespace {

struct Found {
  std::string path;
  Bytes bytes;
  JournalHeader header;
};

bool is_unused(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](Byte b) { return b == 0; });
}

std::uint64_t torn_bytes(ByteView rest) {
  while (!rest.empty() && rest.back() == 0) rest = rest.first(rest.size() - 1);
  return rest.size();
}

class Recover {
 public:
  Recover(const std::string& folder, Log& log) : folder_(folder + "/journal"), log_(log) {}

  Result<Recovery> run() {
    NG_TRY(auto found, find());
    for (const Found& journal : found) NG_TRY_VOID(seal(journal));
    NG_TRY_VOID(log_.commit());
    if (log_.signed_size() != log_.size()) NG_TRY_VOID(log_.sign());
    NG_TRY_VOID(remove(found));
    log_.forget_all();
    return out_;
  }

 private:
  Result<std::vector<Found>> find() {
    std::vector<Found> found;
    NG_TRY(auto names, names_in(folder_, ".journal"));
    for (const auto& name : names) {
      Found journal{folder_ + "/" + name, {}, {}};
      NG_TRY(journal.bytes, read_whole(journal.path));
      auto header = read_journal_header(journal.bytes);
      if (header.ok()) journal.header = *header;
      if (header.ok() || is_unused(journal.bytes)) found.push_back(std::move(journal));
      else NG_TRY_VOID(set_aside(journal.path, header.error().detail));
    }
    // A writer's files in the order it filled them, so that a session's records stay in order.
    std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
      return std::pair(a.header.writer, a.header.number) < std::pair(b.header.writer, b.header.number);
    });
    return found;
  }

  Result<Done> seal(const Found& journal) {
    if (journal.header.id == 0) return Done{};  // its process died before it wrote the header
    const auto from = std::max<std::uint64_t>(log_.position(journal.header.id), journal_header_bytes);
    JournalScan scan(journal.bytes, from);
    Batcher batch(log_, journal.header.id, from);
    while (const auto frame = scan.next()) NG_TRY_VOID(batch.add(frame->record, frame->next));
    NG_TRY_VOID(batch.flush());
    out_.records += batch.count(), ++out_.journals;
    const auto tail = scan.tail();
    if (tail == Tail::torn) out_.torn_bytes += torn_bytes(ByteView(journal.bytes).subspan(scan.offset()));
    if (tail == Tail::damaged) NG_TRY_VOID(set_aside(journal.path, fmt::format("is damaged at offset {}", scan.offset())));
    return Done{};
  }

  Result<Done> set_aside(const std::string& path, const std::string& why) {
    log_error("journal set aside",
              {{"file", path}, {"why", why}, {"remedy", "keep it as evidence; what it held up to there is in the log"}});
    if (::rename(path.c_str(), (path + ".damaged").c_str()) != 0) return file_error("set aside", path, errno);
    ++out_.damaged;
    return Done{};
  }

  Result<Done> remove(const std::vector<Found>& found) {
    for (const Found& journal : found)
      if (::unlink(journal.path.c_str()) != 0 && errno != ENOENT) return file_error("remove", journal.path, errno);
    return sync_folder(folder_);
  }

  const std::string folder_;
  Log& log_;
  Recovery out_;
};

}  // namespace

Result<Recovery> recover_journals(const std::string& folder, Log& log) {
  NG_TRY_VOID(make_folder(folder + "/journal"));
  return Recover(folder, log).run();
}

}  // namespace narrowgate::recording
