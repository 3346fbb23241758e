#include "recording/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

namespace narrowgate::recording {
namespace {

Error broken(const std::string& path, std::string_view what) {
  return {
      Code::malformed, Blame::gateway,
      fmt::format("{}: {}; nothing was changed. See `narrowgate sessions verify`, and move the recording folder aside to start a "
                  "new log",
                  path, what)};
}

}  // namespace

Log::Log(std::string folder, const Signer& signer, std::size_t segment_bytes, const Clock& clock)
    : folder_(std::move(folder)), signer_(signer), segment_bytes_(segment_bytes), clock_(clock) {}

Result<std::unique_ptr<Log>> Log::open(std::string folder, const Signer& signer, std::size_t segment_bytes, const Clock& clock) {
  std::unique_ptr<Log> log(new Log(std::move(folder), signer, segment_bytes, clock));
  NG_TRY_VOID(make_folder(log->folder_ + "/segments"));
  NG_TRY_VOID(log->load());
  if (!log->file_.is_open()) NG_TRY_VOID(log->start_segment());
  return log;
}

Result<Done> Log::load() {
  Checkpoint signed_as{signer_.verifier().name(), 0, MerkleTree().root()};
  const std::string path = folder_ + "/checkpoint";
  if (auto note = read_whole(path); note.ok()) {
    auto opened = signer_.verifier().open(as_text(*note));
    if (!opened.ok()) return broken(path, opened.error().detail);
    signed_as = std::move(opened).take();
  } else if (note.error().code != Code::not_found) {
    return std::move(note).error();
  }
  signed_size_ = signed_as.size;

  NG_TRY(auto names, names_in(folder_ + "/segments", ".zst"));
  while (!names.empty() && !file_.is_open()) {
    const auto index = segment_index(names.back());
    if (!index) return broken(folder_ + "/segments/" + names.back(), "is not named like a segment");
    NG_TRY_VOID(load_segment(names.back(), *index, signed_as));
    names.pop_back();
  }
  if (committed_.tree.size() < signed_as.size)
    return broken(path_.empty() ? folder_ : path_,
                  fmt::format("the log has {} records, but {} were signed", committed_.tree.size(), signed_as.size));
  return Done{};
}

// Reads the newest segment. A segment that holds nothing signed and cannot be read is removed, and the one before it is next.
Result<Done> Log::load_segment(const std::string& name, std::uint64_t index, const Checkpoint& signed_as) {
  const std::string path = folder_ + "/segments/" + name;
  NG_TRY(auto bytes, read_whole(path));
  SegmentScan scan(bytes);
  std::optional<Error> trouble;
  for (;;) {
    auto block = scan.next();
    if (!block.ok()) trouble = std::move(block).error();
    if (trouble || !*block) break;
    if (auto taken = take_block(**block, index, signed_as); !taken.ok()) return broken(path, taken.error().detail);
    working_.offset = scan.offset(), working_.chain = scan.chain();
  }
  if (scan.offset() == 0) {
    if (index < signed_as.size) return broken(path, trouble ? trouble->detail : "is empty");
    if (::unlink(path.c_str()) != 0) return file_error("remove", path, errno);
    cut_bytes_ += bytes.size();
    return Done{};
  }
  if (trouble) {
    if (working_.tree.size() < signed_as.size) return broken(path, fmt::format("at {}: {}", scan.offset(), trouble->detail));
    NG_TRY_VOID(cut(path, scan.offset(), bytes.size()));
  }
  NG_TRY(file_, open_file(path, O_RDWR));
  path_ = path, segment_first_ = index;
  committed_ = working_;
  return Done{};
}

Result<Done> Log::take_block(const Block& block, std::uint64_t index, const Checkpoint& signed_as) {
  const auto wrong = [](std::string what) { return Error{Code::malformed, Blame::gateway, std::move(what)}; };
  const auto check_root = [&]() -> Result<Done> {
    if (working_.tree.size() == signed_as.size && working_.tree.root() != signed_as.root)
      return wrong("its records are not those that were signed");
    return Done{};
  };
  if (const auto* header = std::get_if<SegmentHeader>(&block.plain)) {
    if (header->first_index != index) return wrong("its name and its header name different first records");
    if (header->log_name != signer_.verifier().name()) return wrong(fmt::format("belongs to log \"{}\"", header->log_name));
    NG_TRY(working_.tree, MerkleTree::from_frontier(index, header->frontier));
    working_.positions = header->positions;
    return check_root();
  }
  const Batch& batch = std::get<Batch>(block.plain);
  if (batch.first_index != working_.tree.size()) return wrong("its batches do not follow one another");
  for (const Bytes& record : batch.records) {
    working_.tree.append(leaf_hash(record));
    NG_TRY_VOID(check_root());
  }
  if (batch.journal != 0) working_.positions[batch.journal] = batch.to;
  return Done{};
}

Result<Done> Log::cut(const std::string& path, std::uint64_t at, std::uint64_t size) {
  if (::truncate(path.c_str(), off_t(at)) != 0) return file_error("cut the torn end of", path, errno);
  cut_bytes_ += size - at;
  return Done{};
}

Result<Done> Log::start_segment() {
  SegmentHeader header{committed_.tree.size(),    clock_.wall().time_since_epoch().count(),
                       signer_.verifier().name(), committed_.tree.frontier(),
                       committed_.positions,      committed_.chain};
  Digest chain{};
  NG_TRY(auto block, seal_block(encode_plain(header), chain));
  const std::string path = folder_ + "/segments/" + segment_name(header.first_index);
  NG_TRY(auto file, open_file(path, O_RDWR | O_CREAT | O_EXCL));
  auto written = write_at(file.fd(), block, 0, path);
  if (written.ok() && ::fdatasync(file.fd()) != 0) written = file_error("sync", path, errno);
  if (written.ok()) written = sync_folder(folder_ + "/segments");
  if (!written.ok()) return ::unlink(path.c_str()), std::move(written).error();
  file_ = std::move(file);
  path_ = path, segment_first_ = header.first_index;
  committed_.chain = chain;
  committed_.offset = block.size();
  working_ = committed_;
  return Done{};
}

Result<Done> Log::append(std::uint64_t journal, std::uint64_t from, std::uint64_t to, std::vector<Bytes> records) {
  // A segment ends where a checkpoint does, so the newest one is all that a start must read.
  const bool fresh = working_.offset == committed_.offset && signed_size_ == size() && size() > segment_first_;
  if (fresh && committed_.offset >= segment_bytes_) NG_TRY_VOID(start_segment());
  const Batch batch{working_.tree.size(), journal, from, to, std::move(records)};
  NG_TRY(auto block, seal_block(encode_plain(batch), working_.chain));
  NG_TRY_VOID(write_at(file_.fd(), block, working_.offset, path_));
  working_.offset += block.size();
  for (const Bytes& record : batch.records) working_.tree.append(leaf_hash(record));
  if (journal != 0) working_.positions[journal] = to;
  return Done{};
}

Result<Done> Log::commit() {
  if (working_.offset == committed_.offset) return Done{};
  if (::fdatasync(file_.fd()) != 0) return file_error("sync", path_, errno);
  committed_ = working_;
  return Done{};
}

void Log::rollback() {
  working_ = committed_;
  // If even this fails, the torn blocks are overwritten by the next append, or cut at the next start.
  if (::ftruncate(file_.fd(), off_t(committed_.offset)) != 0) return;
}

Result<std::string> Log::sign() {
  const auto note = signer_.sign({signer_.verifier().name(), committed_.tree.size(), committed_.tree.root()});
  NG_TRY_VOID(replace_file(folder_ + "/checkpoint", note, 0644));
  signed_size_ = committed_.tree.size();
  return note;
}

std::uint64_t Log::position(std::uint64_t journal) const {
  const auto found = committed_.positions.find(journal);
  return found == committed_.positions.end() ? 0 : found->second;
}

void Log::forget(std::uint64_t journal) { committed_.positions.erase(journal), working_.positions.erase(journal); }
void Log::forget_all() { committed_.positions.clear(), working_.positions.clear(); }

}  // namespace narrowgate::recording
