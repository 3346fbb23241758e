// The worked example of FORMAT.md, made again from the code and compared byte for byte.
#include <fmt/format.h>

#include "recording/checkpoint.h"
#include "recording/crc32c.h"
#include "recording/merkle.h"
#include "recording/segment.h"
#include "recording/testing.h"

namespace narrowgate::recording {
namespace {

using namespace testing;

std::string dump(ByteView bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    out += fmt::format("{:04x} ", at);
    for (std::size_t i = at; i < std::min(at + 16, bytes.size()); ++i) out += fmt::format(" {:02x}", bytes[i]);
    if (at + 16 > bytes.size()) out += std::string(3 * (at + 16 - bytes.size()), ' ');
    out += "  ";
    for (std::size_t i = at; i < std::min(at + 16, bytes.size()); ++i)
      out += bytes[i] > ' ' && bytes[i] < 0x7f ? char(bytes[i]) : '.';
    out += "\n";
  }
  return out;
}

std::string worked_example() {
  const std::int64_t wall = 1'795'348'800'000'000'000;
  std::vector<Bytes> records;
  records.push_back(encode_record({"ses_1", 1, wall, 0, Started{{{"agent", "refund-bot"}, {"resource", "orders"}}}}));
  IntentRecord intent;
  intent.decision = {"dec_1", Verdict::permit, "", "read", "SELECT public.refunds", "", {"P1"}};
  intent.text = "SELECT 1";
  records.push_back(encode_record({"ses_1", 2, wall + 1'000'000, 1'000'000, intent}));
  OutcomeRecord outcome;
  outcome.intent = 2, outcome.ending = Ending::completed, outcome.rows = 1, outcome.bytes = 6, outcome.duration_ns = 300'000;
  outcome.tag = "SELECT 1";
  records.push_back(encode_record({"ses_1", 3, wall + 1'300'000, 1'300'000, outcome}));

  std::string out;
  MerkleTree tree;
  const char* names[] = {"started", "intent", "outcome"};
  for (std::size_t i = 0; i < records.size(); ++i) {
    tree.append(leaf_hash(records[i]));
    out += fmt::format("record {} ({}), {} bytes\n{}leaf {}\n\n", i, names[i], records[i].size(), dump(records[i]),
                       to_hex(leaf_hash(records[i])));
  }

  TempFolder temp;
  FakeClock clock;
  auto file = must(JournalFile::create(temp / "j", {0x0123456789abcdef, 2, 1, wall}, 4'096));
  const auto length = std::uint32_t(records[2].size());
  out += "journal header (writer 2, file 1), 64 bytes\n" + dump(file->bytes().first(64)) + "\n";
  out += fmt::format("journal frame of record 2: length {}, CRC-32C {:08x}, record, {} bytes of padding\n\n", length,
                     crc32c(records[2], crc32c({reinterpret_cast<const Byte*>(&length), 4})), frame_bytes(length) - 8 - length);

  const SegmentHeader header{0, wall, "audit.agw.example/prod-1", {}, {}, {}};
  const auto plain = encode_plain(Batch{0, 0x0123456789abcdef, 64, 64 + frame_bytes(records[0].size()), {records[0]}});
  out += fmt::format("segment header, plain, {} bytes\n{}\n", encode_plain(header).size(), dump(encode_plain(header)));
  out += fmt::format("batch of record 0, plain, {} bytes; its first 48\n{}\n", plain.size(), dump(ByteView(plain).first(48)));

  Bytes seed(32);
  for (int i = 0; i < 32; ++i) seed[std::size_t(i)] = Byte(i);
  const auto signer = must(Signer::from_seed("audit.agw.example/prod-1", Secret<Bytes>(seed)));
  out += fmt::format("root of the three {}\n\nlog.vkey\n{}\n\ncheckpoint\n{}", to_hex(tree.root()), signer.verifier().vkey(),
                     signer.sign({signer.verifier().name(), tree.size(), tree.root()}));
  return out;
}

TEST(Format, TheWorkedExampleOfTheDocumentIsWhatTheCodeWrites) {
  const auto document = slurp(NG_SOURCE_DIR "/src/recording/FORMAT.md");
  const auto begin = document.find("```text\nrecord 0"), end = document.find("```", begin + 3);
  ASSERT_NE(begin, std::string::npos);
  const auto written = document.substr(begin + 8, end - begin - 8);
  EXPECT_EQ(written, worked_example()) << "FORMAT.md wants this example:\n" << worked_example();
}

}  // namespace
}  // namespace narrowgate::recording
