#include "recording/journal.h"

#include <sys/resource.h>
#include <csignal>

#include "recording/file_size_limit.h"
#include "recording/testing.h"

namespace narrowgate::recording {
namespace {

using namespace testing;

struct Loop {
  explicit Loop(std::size_t bytes = limits::journal_bytes_min, Durability durability = Durability::process)
      : writer({folder.path(), 3, bytes, durability}, clock, health) {}
  TempFolder folder;
  FakeClock clock;
  Health health;
  JournalWriter writer;
};

std::vector<std::string> read_all(ByteView file, Tail* tail = nullptr) {
  std::vector<std::string> out;
  JournalScan scan(file, journal_header_bytes);
  while (auto frame = scan.next()) out.emplace_back(as_text(frame->record));
  if (tail != nullptr) *tail = scan.tail();
  return out;
}

TEST(Journal, WhatWasAppendedStandsInTheFileInOrder) {
  Loop loop;
  std::vector<std::string> wanted;
  for (int i = 0; i < 100; ++i) {
    wanted.push_back(std::string(i + 1, 'x') + std::to_string(i));
    ASSERT_TRUE(loop.writer.append(as_bytes(wanted.back()), Need::admits).ok());
  }
  const auto path = loop.writer.files().at(0)->path();
  const auto bytes = slurp(path);
  const auto header = read_journal_header(as_bytes(bytes));
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->writer, 3u);
  Tail tail{};
  EXPECT_EQ(read_all(as_bytes(bytes), &tail), wanted);
  EXPECT_EQ(tail, Tail::clean);
  EXPECT_EQ(loop.writer.records(), 100u);
}

TEST(Journal, AFileCutAtAnyByteYieldsExactlyTheWholeRecordsBeforeTheCut) {
  Loop loop;
  std::vector<std::size_t> ends{journal_header_bytes};
  for (const char* text : {"a", "twelve bytes", "and a third record of some length"}) {
    ASSERT_TRUE(loop.writer.append(as_bytes(text), Need::admits).ok());
    ends.push_back(loop.writer.files()[0]->committed());
  }
  const auto whole = slurp(loop.writer.files()[0]->path());
  for (std::size_t cut = journal_header_bytes; cut <= ends.back(); ++cut) {
    auto torn = whole.substr(0, cut) + std::string(whole.size() - cut, '\0');
    const auto complete = std::size_t(std::upper_bound(ends.begin(), ends.end(), cut) - ends.begin()) - 1;
    const auto got = read_all(as_bytes(torn)).size();
    // Padding is zeros anyway, so a cut within it loses nothing.
    const bool in_padding = complete < 3 && torn.substr(0, ends[complete + 1]) == whole.substr(0, ends[complete + 1]);
    EXPECT_EQ(got, complete + in_padding) << cut;
  }
}

// A dying process leaves the record's bytes without the word before them.
TEST(Journal, ARecordWhoseWordWasNeverWrittenIsTornNotDamaged) {
  Loop loop;
  ASSERT_TRUE(loop.writer.append(as_bytes("whole"), Need::admits).ok());
  const auto end = loop.writer.files()[0]->committed();
  auto room = loop.writer.reserve(100, Need::admits);
  ASSERT_TRUE(room.ok());
  std::fill(room->begin(), room->begin() + 60, Byte('y'));
  const auto bytes = slurp(loop.writer.files()[0]->path());
  Tail tail{};
  EXPECT_EQ(read_all(as_bytes(bytes), &tail).size(), 1u);
  EXPECT_EQ(tail, Tail::torn);
  EXPECT_EQ(loop.writer.files()[0]->committed(), end);
}

TEST(Journal, EveryFlippedBitEndsTheScanThereOrShowsInTheTail) {
  Loop loop;
  for (const char* text : {"one", "two two", "three three three"})
    ASSERT_TRUE(loop.writer.append(as_bytes(text), Need::admits).ok());
  const auto end = loop.writer.files()[0]->committed() + 32;
  const auto whole = slurp(loop.writer.files()[0]->path()).substr(0, end);
  const auto wanted = read_all(as_bytes(whole));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = whole;
      changed[at] = char(changed[at] ^ (1 << bit));
      Tail tail{};
      const auto got = read_all(as_bytes(changed), &tail);
      if (at < journal_header_bytes) {
        EXPECT_FALSE(read_journal_header(as_bytes(changed)).ok()) << at;
      } else {
        EXPECT_NE(tail, Tail::clean) << at;
        EXPECT_TRUE(got.size() <= wanted.size() && std::equal(got.begin(), got.end(), wanted.begin())) << at;
      }
    }
}

TEST(Journal, GoesOnInTheNextFileWhenOneIsFull) {
  Loop loop;
  const Bytes record(1'000, 'r');
  ASSERT_TRUE(loop.writer.prepare().ok());
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(loop.writer.append(record, Need::admits).ok()) << i;
  const auto files = loop.writer.files();
  EXPECT_GE(files.size(), 3u);
  std::size_t total = 0;
  for (const auto& file : files) total += read_all(file->bytes().first(file->committed())).size();
  EXPECT_EQ(total, 200u);
  const auto first = files[0]->path();
  loop.writer.drop_oldest();
  EXPECT_FALSE(fs::exists(first));
  EXPECT_EQ(loop.writer.files().size(), files.size() - 1);
}

TEST(Journal, ARecordLargerThanAFileIsRefusedNotCut) {
  Loop loop;
  const auto answer = loop.writer.reserve(limits::journal_bytes_min, Need::admits);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::too_large);
}

TEST(Journal, AFullDiskIsAnErrorForWhatAdmitsAndLeavesRoomForWhatCompletes) {
  Loop loop;
  const Bytes record(500, 'r');
  ASSERT_TRUE(loop.writer.append(record, Need::admits).ok());
  int admitted = 1, completed = 0;
  {
    const FileSizeLimit full(1024);
    while (loop.writer.append(record, Need::admits).ok()) ++admitted;
    EXPECT_FALSE(loop.health.ready.load());
    EXPECT_FALSE(loop.writer.append(record, Need::durable).ok());
    while (loop.writer.append(record, Need::completes).ok()) ++completed;
    EXPECT_FALSE(loop.writer.prepare().ok());
  }
  EXPECT_GE(std::size_t(completed), limits::journal_reserve / frame_bytes(record.size()));
  EXPECT_TRUE(loop.writer.prepare().ok());
  EXPECT_TRUE(loop.writer.append(record, Need::admits).ok());
  std::size_t total = 0;
  for (const auto& file : loop.writer.files()) total += read_all(file->bytes().first(file->committed())).size();
  EXPECT_EQ(total, std::size_t(admitted + completed + 1));
}

TEST(Journal, NothingNewIsAdmittedWhileTheRecorderIsStalled) {
  Loop loop;
  const Bytes record(50, 'r');
  loop.health.ready = false;
  loop.writer.prepare().ok();
  EXPECT_TRUE(loop.writer.append(record, Need::admits).ok());
  EXPECT_FALSE(loop.writer.append(record, Need::durable).ok());
  loop.health.admitting = false;
  EXPECT_FALSE(loop.writer.append(record, Need::admits).ok());
  EXPECT_TRUE(loop.writer.append(record, Need::completes).ok());
}

TEST(Journal, ADurableRecordIsSyncedBeforeAppendReturns) {
  Loop loop(limits::journal_bytes_min, Durability::disk);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(loop.writer.append(Bytes(3'000, 'd'), Need::durable).ok());
  EXPECT_EQ(loop.writer.records(), 20u);
}

}  // namespace
}  // namespace narrowgate::recording
