#include <map>
#include <random>

#include "recording/merkle.h"
#include "recording/testing.h"

namespace narrowgate::recording {
namespace {

using namespace testing;

// Every stored file but the lock, which holds only a pid.
std::map<std::string, std::string> files_of(const std::string& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().filename() != "lock") out[entry.path()] = slurp(entry.path());
  return out;
}

void write_small_log(const std::string& folder, std::size_t segment_bytes = 900) {
  FakeClock clock;
  auto options = small_options(folder);
  options.segment_bytes = segment_bytes;
  auto recorder = must(Recorder::open(options, clock));
  for (const char* id : {"ses_1", "ses_2", "ses_3"}) {
    record_session(*recorder, 0, id, 3);
    must(recorder->flush());
  }
}

TEST(Verify, NoticesAnyFlippedBitInAnyStoredFile) {
  TempFolder temp;
  write_small_log(temp / "r");
  const auto reader = must(Reader::open(temp / "r"));
  ASSERT_TRUE(must(reader.verify()).ok);
  const auto files = files_of(temp / "r");
  ASSERT_GE(files.size(), 5u);  // two segments or more, checkpoint, two keys
  std::mt19937 random(11);
  int tampered = 0;
  for (const auto& [path, bytes] : files)
    for (int n = 0; n < 700; ++n, ++tampered) {
      auto changed = bytes;
      const auto at = random() % changed.size();
      changed[at] = char(changed[at] ^ (1 << (random() % 8)));
      spill(path, changed);
      const auto report = reader.verify();
      EXPECT_FALSE(report.ok() && report->ok) << path << " at " << at;
      EXPECT_FALSE(report.ok() && report->fault && report->fault->what.empty());
      spill(path, bytes);
    }
  EXPECT_GE(tampered, 2'000);
  EXPECT_TRUE(must(reader.verify()).ok);
}

TEST(Verify, NoticesAnyFileCutShortOrLeftOut) {
  TempFolder temp;
  write_small_log(temp / "r");
  const auto reader = must(Reader::open(temp / "r"));
  std::mt19937 random(3);
  for (const auto& [path, bytes] : files_of(temp / "r")) {
    for (int n = 0; n < 40; ++n) {
      spill(path, std::string_view(bytes).substr(0, random() % bytes.size()));
      const auto report = reader.verify();
      EXPECT_FALSE(report.ok() && report->ok) << path;
    }
    fs::remove(path);
    const auto report = reader.verify();
    EXPECT_EQ(report.ok() && report->ok, path.ends_with("log.key")) << path;  // a copy for an auditor comes without it
    spill(path, bytes);
  }
}

TEST(Verify, NamesTheSegmentTheOffsetAndTheRecord) {
  TempFolder temp;
  write_small_log(temp / "r", 1 << 20);
  const std::string segment = fs::directory_iterator(temp / "r/segments")->path();
  auto bytes = slurp(segment);
  bytes[bytes.size() - 20] ^= 1;  // in the last block: the run's "stopped"
  spill(segment, bytes);
  const auto report = must(must(Reader::open(temp / "r")).verify());
  ASSERT_TRUE(report.fault);
  EXPECT_EQ(report.fault->place.file, "segments/00000000000000000000.zst");
  EXPECT_EQ(report.fault->place.index, 25u);
  EXPECT_LT(report.fault->place.offset, bytes.size());
  EXPECT_NE(to_json(report).find("\"ok\":false"), std::string::npos);
}

TEST(Verify, AnOlderCheckpointOfTheSameLogStillHoldsButANewerOneDoesNot) {
  TempFolder temp;
  write_small_log(temp / "r");
  const auto old_note = slurp(temp / "r/checkpoint");
  fs::copy(temp / "r", temp / "old", fs::copy_options::recursive);
  FakeClock clock;
  {
    auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
    record_session(*recorder, 0, "ses_4", 2);
  }
  const auto new_note = slurp(temp / "r/checkpoint");
  spill(temp / "r/checkpoint", old_note);
  const auto report = must(must(Reader::open(temp / "r")).verify());
  EXPECT_TRUE(report.ok);
  EXPECT_EQ(report.unsigned_records, 8u);
  spill(temp / "old/checkpoint", new_note);  // the log was rolled back
  EXPECT_FALSE(must(must(Reader::open(temp / "old")).verify()).ok);
}

TEST(Verify, AnotherLogsFilesDoNotPassUnderAKeyFromElsewhere) {
  TempFolder temp;
  write_small_log(temp / "a");
  write_small_log(temp / "b");
  const auto vkey = slurp(temp / "a/log.vkey");
  const auto of = [&](const char* folder) {
    return must(must(Reader::open(temp / folder)).verify(vkey.substr(0, vkey.size() - 1))).ok;
  };
  EXPECT_TRUE(of("a"));
  EXPECT_FALSE(of("b"));
}

TEST(Verify, AReceiptProvesOneRecordToWhoeverHasTheCheckpoint) {
  TempFolder temp;
  write_small_log(temp / "r");
  const auto reader = must(Reader::open(temp / "r"));
  const auto vkey = slurp(temp / "r/log.vkey");
  const auto verifier = must(Verifier::parse(std::string_view(vkey).substr(0, vkey.size() - 1)));
  for (std::uint64_t index = 0; index < 26; ++index) {
    const auto receipt = must(reader.receipt(index));
    const auto checkpoint = must(verifier.open(receipt.checkpoint));
    EXPECT_TRUE(verify_inclusion(receipt.leaf, receipt.index, checkpoint.size, receipt.inclusion, checkpoint.root));
    EXPECT_FALSE(to_json(receipt).empty());
  }
  EXPECT_EQ(reader.receipt(26).error().code, Code::not_found);
}

}  // namespace
}  // namespace narrowgate::recording
