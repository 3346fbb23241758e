#include "recording/recorder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/id.h"
#include "base/log.h"
#include "recording/batcher.h"
#include "recording/file.h"
#include "recording/log.h"
#include "recording/log_keys.h"
#include "recording/record.h"

namespace narrowgate::recording {
namespace {

using Steady = std::chrono::steady_clock;  // the sealer waits in real time, whatever clock the records are stamped with

}  // namespace

struct Recorder::Impl {
  Impl(Options o, const Clock& c, FolderLock l, Signer s)
      : options(std::move(o)),
        clock(c),
        lock(std::move(l)),
        signer(std::move(s)),
        redactor(signer.derive("narrowgate recording: redaction")),
        value_digest(signer.derive("narrowgate recording: values")) {}

  // ---- start
  Result<Done> start() {
    NG_TRY(log, Log::open(options.folder, signer, options.segment_bytes, clock));
    NG_TRY(recovery, recover_journals(options.folder, *log));
    NG_TRY_VOID(note_run(
        "started", fmt::format("process {}, recovered {} records of {} journals, cut {} bytes, set {} journals aside", ::getpid(),
                               recovery.records, recovery.journals, recovery.torn_bytes + log->cut_bytes(), recovery.damaged)));
    NG_TRY_VOID(log->commit());
    NG_TRY_VOID(sign());
    for (std::size_t i = 0; i < options.writers; ++i) {
      JournalWriter::Options writer{options.folder + "/journal", std::uint32_t(i), options.journal_bytes, options.durability};
      writers.push_back(std::make_unique<JournalWriter>(std::move(writer), clock, health));
      NG_TRY_VOID(writers.back()->prepare());
    }
    all_sealed_at = Steady::now();
    sealer = std::thread([this] { run(); });
    return Done{};
  }

  // The recorder's own records: a session of its own per run.
  Result<Done> note_run(std::string what, std::string detail) {
    Record record{run_id, ++run_seq, clock.wall().time_since_epoch().count(), 0, RunRecord{std::move(what), std::move(detail)}};
    std::vector<Bytes> records;
    records.push_back(encode_record(record));
    return log->append(0, 0, 0, std::move(records));
  }

  Result<Done> sign() {
    log_size.store(log->size());
    if (log->signed_size() == log->size()) return Done{};
    NG_TRY(const auto note, log->sign());
    signed_size.store(log->signed_size());
    if (options.on_checkpoint) options.on_checkpoint(note);
    return Done{};
  }

  // ---- the sealer
  void run() {
    auto last = Steady::now();
    std::unique_lock guard(wake_lock);
    while (!stopping) {
      wake.wait_for(guard, limits::seal_poll, [&] { return stopping; });
      if (stopping) return;
      guard.unlock();
      const auto now = Steady::now();
      const bool due =
          now - last >= options.seal_every || waiting() >= options.seal_records || failing_since.load() != Steady::time_point{};
      if (due) last = now;
      (void)tend(due);  // Its failure is in health and trouble().
      guard.lock();
    }
  }

  std::uint64_t waiting() const {
    std::uint64_t appended = 0;
    for (const auto& writer : writers) appended += writer->records();
    const auto sealed = records_sealed.load(std::memory_order_relaxed);
    return appended > sealed ? appended - sealed : 0;
  }

  // One round: next files for the writers, then seal and sign what there is. Says what it found to Health.
  Result<Done> tend(bool seal) {
    const std::lock_guard guard(sealing);
    auto result = prepare_all();
    if (seal || !result.ok()) {
      auto sealed = seal_all();
      if (!sealed.ok()) {
        log->rollback();
        result = std::move(sealed);
      }
    }
    if (result.ok()) {
      if (seal || failing_since.load() == Steady::time_point{}) recovered();
    } else {
      failed(result.error());
    }
    return result;
  }

  Result<Done> prepare_all() {
    for (const auto& writer : writers) NG_TRY_VOID(writer->prepare());
    return Done{};
  }

  Result<Done> seal_all() {
    const auto started = Steady::now();
    std::uint64_t records = 0, bytes = 0;
    for (const auto& writer : writers)
      for (const auto& file : writer->files()) NG_TRY_VOID(seal_file(*file, records, bytes));
    NG_TRY_VOID(log->commit());
    records_sealed.fetch_add(records, std::memory_order_relaxed);
    bytes_sealed.fetch_add(bytes, std::memory_order_relaxed);
    NG_TRY_VOID(sign());
    all_sealed_at.store(started);
    return drop_sealed();
  }

  Result<Done> seal_file(const JournalFile& file, std::uint64_t& records, std::uint64_t& bytes) {
    const auto to = file.committed();
    const auto from = std::max<std::uint64_t>(log->position(file.id()), journal_header_bytes);
    JournalScan scan(file.bytes().first(to), from);
    Batcher batch(*log, file.id(), from);
    while (const auto frame = scan.next()) NG_TRY_VOID(batch.add(frame->record, frame->next));
    if (scan.offset() != to)
      return Error{Code::malformed, Blame::gateway,
                   fmt::format("{}: was changed from outside at offset {}; check the disk, then restart "
                               "(the rest of it is kept as evidence)",
                               file.path(), scan.offset())};
    NG_TRY_VOID(batch.flush());
    records += batch.count(), bytes += to - from;
    return Done{};
  }

  // Files that are no longer written to and whose every record is signed.
  Result<Done> drop_sealed() {
    for (const auto& writer : writers) {
      for (auto files = writer->files(); files.size() > 1 && log->position(files.front()->id()) >= files.front()->committed();
           files.erase(files.begin())) {
        writer->drop_oldest();
        NG_TRY_VOID(sync_folder(options.folder + "/journal"));  // or a crash could bring it back after its position is forgotten
        log->forget(files.front()->id());
      }
    }
    return Done{};
  }

  void recovered() {
    failing_since.store({});
    if (!health.ready.exchange(true)) log_info("recording again", {{"folder", options.folder}});
    health.admitting = true;
    const std::lock_guard guard(trouble_lock);
    trouble.clear();
  }

  void failed(const Error& error) {
    seal_failures.fetch_add(1);
    const auto now = Steady::now();
    if (failing_since.load() == Steady::time_point{}) {
      failing_since.store(now);
      log_error("recording fails", {{"folder", options.folder}, {"why", error.detail}});
    }
    health.ready = false;
    if (now - failing_since.load() >= limits::stalled_max) health.admitting = false;
    const std::lock_guard guard(trouble_lock);
    trouble = error.detail;
  }

  void close() {
    if (closed) return;
    closed = true;
    {
      const std::lock_guard guard(wake_lock);
      stopping = true;
    }
    wake.notify_all();
    if (sealer.joinable()) sealer.join();
    if (!log || writers.empty()) return;
    const std::lock_guard guard(sealing);
    auto sealed = seal_all();
    if (sealed.ok()) sealed = note_run("stopped", "");
    if (sealed.ok()) sealed = log->commit();
    if (sealed.ok()) sealed = sign();
    if (sealed.ok()) {
      for (const auto& writer : writers) writer->remove_all();
    } else {
      log->rollback();  // the journals stay, and the next start seals them
      log_error("recording not sealed at stop", {{"folder", options.folder}, {"why", sealed.error().detail}});
    }
  }

  const Options options;
  const Clock& clock;
  FolderLock lock;
  const Signer signer;
  const Redactor redactor;
  const ValueDigest value_digest;
  const std::string run_id = new_id(IdKind::recording, clock.wall());
  std::uint64_t run_seq = 0;
  Recovery recovery;
  Health health;
  std::mutex sealing;  // guards the log
  std::unique_ptr<Log> log;
  std::vector<std::unique_ptr<JournalWriter>> writers;
  std::atomic<std::uint64_t> records_sealed{0}, bytes_sealed{0}, seal_failures{0}, log_size{0}, signed_size{0};
  std::atomic<Steady::time_point> failing_since{Steady::time_point{}}, all_sealed_at{Steady::time_point{}};
  std::mutex trouble_lock;
  std::string trouble;
  std::mutex wake_lock;
  std::condition_variable wake;
  bool stopping = false, closed = false;
  std::thread sealer;
};

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recorder::~Recorder() { close(); }

Result<std::unique_ptr<Recorder>> Recorder::open(Options options, const Clock& clock) {
  const bool sizes = options.journal_bytes >= limits::journal_bytes_min && options.journal_bytes <= limits::journal_bytes_max;
  if (!sizes || options.writers == 0 || options.writers > limits::writers_max)
    return Error{Code::malformed, Blame::gateway,
                 fmt::format("recording: journal size must be {} to {} bytes, writers 1 to {}", limits::journal_bytes_min,
                             limits::journal_bytes_max, limits::writers_max)};
  NG_TRY_VOID(make_folder(options.folder));
  NG_TRY(auto lock, FolderLock::take(options.folder + "/lock"));
  NG_TRY(auto signer, load_signer(options.folder, options.log_name));
  NG_TRY_VOID(publish_vkey(options.folder, signer.verifier()));
  std::unique_ptr<Recorder> recorder(
      new Recorder(std::make_unique<Impl>(std::move(options), clock, std::move(lock), std::move(signer))));
  NG_TRY_VOID(recorder->impl_->start());
  return recorder;
}

JournalWriter& Recorder::writer(std::size_t index) {
  NG_CHECK(index < impl_->writers.size());
  return *impl_->writers[index];
}
const Clock& Recorder::clock() const { return impl_->clock; }
const Redactor& Recorder::redactor() const { return impl_->redactor; }
const ValueDigest& Recorder::value_digest() const { return impl_->value_digest; }
const Verifier& Recorder::verifier() const { return impl_->signer.verifier(); }
bool Recorder::ready() const { return impl_->health.ready.load(std::memory_order_relaxed); }
const Recovery& Recorder::recovery() const { return impl_->recovery; }
Result<Done> Recorder::flush() { return impl_->tend(true); }
void Recorder::close() { impl_->close(); }

std::string Recorder::trouble() const {
  const std::lock_guard guard(impl_->trouble_lock);
  return impl_->trouble;
}

Counters Recorder::counters() const {
  Counters out;
  std::uint64_t bytes = 0;
  for (const auto& writer : impl_->writers) out.records_appended += writer->records(), bytes += writer->bytes();
  out.bytes_appended = bytes;
  out.records_sealed = impl_->records_sealed.load();
  const auto sealed_bytes = impl_->bytes_sealed.load();
  out.records_waiting = out.records_appended > out.records_sealed ? out.records_appended - out.records_sealed : 0;
  out.bytes_waiting = bytes > sealed_bytes ? bytes - sealed_bytes : 0;
  if (out.records_waiting > 0) out.sealed_lag = Steady::now() - impl_->all_sealed_at.load();
  out.seal_failures = impl_->seal_failures.load();
  out.ready = ready();
  out.log_size = impl_->log_size.load(), out.checkpoint_size = impl_->signed_size.load();
  return out;
}

}  // namespace narrowgate::recording
