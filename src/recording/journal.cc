#include "recording/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/crypto.h"
#include "recording/codec.h"
#include "recording/crc32c.h"
#include "recording/file.h"

namespace narrowgate::recording {
namespace {

constexpr std::string_view magic = "NGJRNL01";

// A frame's first eight bytes: u32 length, u32 CRC-32C of (length ‖ record). Stored as one word, so it is there or it is not.
std::uint64_t frame_word(ByteView record) {
  const auto length = std::uint32_t(record.size());
  const auto crc = crc32c(record, crc32c({reinterpret_cast<const Byte*>(&length), sizeof length}));
  return length | std::uint64_t(crc) << 32;
}

std::uint64_t load_word(ByteView file, std::size_t at) {
  std::uint64_t word;
  std::memcpy(&word, file.data() + at, sizeof word);
  return word;
}

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](Byte b) { return b == 0; });
}

void write_header(std::span<Byte> page, const JournalHeader& header) {
  Out out(page.first(journal_header_bytes));
  out.raw(as_bytes(magic)), out.u64(header.id), out.u32(header.writer), out.u32(header.number), out.i64(header.created_ns);
  Out end(page.subspan(journal_header_bytes - 4, 4));
  end.u32(crc32c(page.first(journal_header_bytes - 4)));
}

// A write to a mapped page without a block behind it would be SIGBUS; this asks for all now, and hears of it as an error.
int populate(Byte* map, std::size_t size) {
#ifdef MADV_POPULATE_WRITE
  if (::madvise(map, size, MADV_POPULATE_WRITE) != 0 && errno != EINVAL) return errno == EFAULT ? ENOSPC : errno;
#else
  (void)map, (void)size;
#endif
  return 0;
}

}  // namespace

JournalFile::JournalFile(std::string path, const JournalHeader& header, Byte* map, std::size_t size)
    : path_(std::move(path)), header_(header), map_(map), size_(size), committed_(journal_header_bytes) {}

JournalFile::~JournalFile() { ::munmap(map_, size_); }

Result<std::unique_ptr<JournalFile>> JournalFile::create(const std::string& path, const JournalHeader& header,
                                                         std::size_t bytes) {
  NG_TRY(auto file, open_file(path, O_RDWR | O_CREAT | O_EXCL));
  const auto undo = [&](std::string_view did, int error) { return ::unlink(path.c_str()), file_error(did, path, error); };
  if (const int error = ::posix_fallocate(file.fd(), 0, off_t(bytes))) return undo("reserve space for", error);
  void* map = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0);
  if (map == MAP_FAILED) return undo("map", errno);
  std::unique_ptr<JournalFile> journal(new JournalFile(path, header, static_cast<Byte*>(map), bytes));
  if (const int error = populate(journal->map_, bytes)) return undo("reserve space for", error);
  write_header({journal->map_, bytes}, header);
  return journal;
}

Result<Done> JournalFile::sync(std::size_t from, std::size_t to) const {
  const auto page = std::size_t(::sysconf(_SC_PAGESIZE));
  const auto start = from / page * page;
  if (::msync(map_ + start, to - start, MS_SYNC) != 0) return file_error("sync", path_, errno);
  return Done{};
}

JournalWriter::JournalWriter(Options options, const Clock& clock, Health& health)
    : options_(std::move(options)), clock_(clock), health_(health) {}

Result<std::span<Byte>> JournalWriter::reserve(std::size_t bytes, Need need) {
  const auto frame = frame_bytes(bytes);
  if (bytes > limits::record_bytes_max || frame + limits::journal_reserve > options_.bytes - journal_header_bytes)
    return Error{Code::too_large, Blame::client, fmt::format("a record of {} bytes is over the recording's limit", bytes)};
  if (need != Need::completes) NG_TRY_VOID(may_admit(need));
  if (!fits(frame, need)) {
    if (auto rolled = roll(); !rolled.ok() && !(need == Need::completes && fits(frame, need))) return std::move(rolled).error();
  }
  const auto at = current_->committed_.load(std::memory_order_relaxed);
  reserved_ = bytes;
  return std::span<Byte>(current_->map_ + at + 8, bytes);
}

Result<Done> JournalWriter::may_admit(Need need) const {
  const bool ok =
      need == Need::durable ? health_.ready.load(std::memory_order_relaxed) : health_.admitting.load(std::memory_order_relaxed);
  if (ok) return Done{};
  return Error{Code::unavailable, Blame::gateway,
               "nothing new can be recorded now (no space, or the disk fails), so nothing new is let through"};
}

bool JournalWriter::fits(std::size_t frame, Need need) const {
  if (!current_) return false;
  const auto room = current_->size_ - current_->committed_.load(std::memory_order_relaxed);
  const bool spare = has_spare_.load(std::memory_order_relaxed);
  return room >= frame + (need == Need::completes || spare ? 0 : limits::journal_reserve);
}

Result<Done> JournalWriter::commit(std::size_t used, Need need) {
  NG_CHECK(used > 0 && used <= reserved_);
  reserved_ = 0;
  JournalFile& file = *current_;
  const auto at = file.committed_.load(std::memory_order_relaxed);
  const auto word = frame_word({file.map_ + at + 8, used});
  std::atomic_ref(*reinterpret_cast<std::uint64_t*>(file.map_ + at)).store(word, std::memory_order_release);
  const auto end = at + frame_bytes(used);
  file.committed_.store(end, std::memory_order_release);
  records_.store(records_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  bytes_.store(bytes_.load(std::memory_order_relaxed) + frame_bytes(used), std::memory_order_relaxed);
  if (need != Need::durable || options_.durability != Durability::disk) return Done{};
  auto synced = file.sync(at, end);
  if (!synced.ok()) health_.ready.store(false, std::memory_order_relaxed);
  return synced;
}

Result<Done> JournalWriter::append(ByteView record, Need need) {
  NG_TRY(auto room, reserve(record.size(), need));
  std::copy(record.begin(), record.end(), room.begin());
  return commit(record.size(), need);
}

Result<std::shared_ptr<JournalFile>> JournalWriter::create_file() {
  JournalHeader header{0, options_.index, next_number_.fetch_add(1), clock_.wall().time_since_epoch().count()};
  while (header.id == 0) random_bytes({reinterpret_cast<Byte*>(&header.id), sizeof header.id});
  const auto path = fmt::format("{}/{:04}-{:08}-{:016x}.journal", options_.folder, header.writer, header.number, header.id);
  NG_TRY(auto file, JournalFile::create(path, header, options_.bytes));
  NG_TRY_VOID(sync_folder(options_.folder));
  return std::shared_ptr<JournalFile>(std::move(file));
}

// The sealer prepares the next file; only if it was outrun is one made here. Once that failed, healing is the sealer's business.
Result<Done> JournalWriter::roll() {
  const std::lock_guard guard(lock_);
  if (!spare_) {
    if (!health_.ready.load(std::memory_order_relaxed))
      return Error{Code::unavailable, Blame::gateway, fmt::format("{}: no space for the next journal", options_.folder)};
    auto made = create_file();
    if (!made.ok()) return health_.ready.store(false, std::memory_order_relaxed), std::move(made).error();
    spare_ = std::move(made).take();
  }
  current_ = std::move(spare_);
  spare_ = nullptr;
  has_spare_.store(false, std::memory_order_relaxed);
  files_.push_back(current_);
  return Done{};
}

Result<Done> JournalWriter::prepare() {
  if (has_spare_.load(std::memory_order_relaxed)) return Done{};
  NG_TRY(auto file, create_file());
  const std::lock_guard guard(lock_);
  // The loop may have made one itself meanwhile. Numbers must be in order of use: recovery goes by them.
  if (spare_ || (!files_.empty() && files_.back()->number() > file->number())) {
    ::unlink(file->path().c_str());
    return Done{};
  }
  spare_ = std::move(file);
  has_spare_.store(true, std::memory_order_relaxed);
  return Done{};
}

std::vector<std::shared_ptr<JournalFile>> JournalWriter::files() const {
  const std::lock_guard guard(lock_);
  return {files_.begin(), files_.end()};
}

void JournalWriter::drop_oldest() {
  std::shared_ptr<JournalFile> file;
  {
    const std::lock_guard guard(lock_);
    NG_CHECK(!files_.empty());
    file = std::move(files_.front());
    files_.pop_front();
  }
  ::unlink(file->path().c_str());
}

void JournalWriter::remove_all() {
  const std::lock_guard guard(lock_);
  if (spare_) files_.push_back(std::move(spare_));
  for (const auto& file : files_) ::unlink(file->path().c_str());
  files_.clear();
  spare_ = current_ = nullptr;
  has_spare_.store(false, std::memory_order_relaxed);
}

Result<JournalHeader> read_journal_header(ByteView file) {
  const auto bad = [](std::string_view what) {
    return Error{Code::malformed, Blame::gateway, fmt::format("journal header: {}", what)};
  };
  if (file.size() < journal_header_bytes) return bad("cut off");
  const ByteView header = file.first(journal_header_bytes);
  In in(header);
  if (as_text(in.raw(magic.size())) != magic) return bad("not a journal of ours");
  JournalHeader out;
  out.id = in.u64(), out.writer = in.u32(), out.number = in.u32(), out.created_ns = in.i64();
  const bool zeros = all_zero(in.raw(in.left() - 4));
  if (in.u32() != crc32c(header.first(journal_header_bytes - 4)) || !zeros || out.id == 0) return bad("its checksum is wrong");
  return out;
}

std::optional<Frame> JournalScan::next() {
  if (offset_ > file_.size() || file_.size() - offset_ < 8) return std::nullopt;
  const auto word = load_word(file_, offset_);
  const std::size_t length = std::uint32_t(word);
  if (length == 0 || length > limits::record_bytes_max || frame_bytes(length) > file_.size() - offset_) return std::nullopt;
  const auto record = file_.subspan(offset_ + 8, length);
  const auto padding = file_.subspan(offset_ + 8 + length, frame_bytes(length) - 8 - length);
  if (frame_word(record) != word || !all_zero(padding)) return std::nullopt;
  offset_ += frame_bytes(length);
  return Frame{record, offset_};
}

Tail JournalScan::tail() const {
  if (offset_ > file_.size()) return Tail::damaged;
  const auto rest = file_.subspan(offset_);
  if (all_zero(rest)) return Tail::clean;
  return rest.size() >= 8 && load_word(rest, 0) == 0 ? Tail::torn : Tail::damaged;
}

}  // namespace narrowgate::recording
