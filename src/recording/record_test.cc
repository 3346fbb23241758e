#include "recording/record.h"

#include <gtest/gtest.h>

#include <random>

namespace narrowgate::recording {
namespace {

class Any {
 public:
  explicit Any(unsigned seed) : random_(seed) {}

  Record record(std::size_t kind) {
    Record out{text(1, 40), number() | 1, std::int64_t(number()), number(), {}};
    switch (kind) {
      case 0: out.body = Started{{{text(), text()}, {text(), text()}}}; break;
      case 1: out.body = TextPart{2, 7, text()}; break;
      case 2: out.body = intent(); break;
      case 3:
        out.body = OutcomeRecord{
            number(), flip() ? Ending::completed : Ending::unknown, number(), number(), number(), text(), text(), text()};
        break;
      case 4: out.body = HeldRecord{number(), text(), text(), std::uint32_t(number()), {text(), text()}}; break;
      case 5: out.body = ApprovalRecord{text(), text(), text(), text(), flip()}; break;
      case 6: out.body = NoteRecord{text(), text()}; break;
      case 7: out.body = DataRecord{number(), flip() ? Direction::to_client : Direction::to_upstream, shape()}; break;
      case 8: out.body = EndedRecord{text(), number()}; break;
      default: out.body = RunRecord{text(), text()}; break;
    }
    return out;
  }

 private:
  bool flip() { return random_() & 1; }
  std::uint64_t number() { return std::uint64_t(random_()) << (random_() % 33); }
  std::string text(std::size_t least = 0, std::size_t most = 30) {
    std::string out(least + random_() % (most - least + 1), '\0');
    for (char& c : out) c = char(random_());
    return out;
  }
  Shape shape() {
    Shape out;
    out.type = std::uint32_t(random_()), out.null = random_() % 4 == 0;
    if (out.null) return out;
    out.length = std::uint32_t(random_());
    for (Byte& b : out.digest) b = Byte(random_());
    if (flip()) out.value = text();
    return out;
  }
  IntentRecord intent() {
    IntentRecord out;
    out.decision.verdict = Verdict(1 + random_() % 3);
    if (flip()) out.decision_at = number() | 1;
    else out.decision = {text(), out.decision.verdict, text(), text(), text(), text(), {text(), text(), text()}};
    if (flip()) out.text_at = number() | 1;
    else out.text = text();
    for (unsigned i = random_() % 4; i > 0; --i) out.parameters.push_back(shape());
    out.folded = std::uint32_t(random_());
    return out;
  }
  std::mt19937 random_;
};

TEST(Record, EveryKindComesBackAsItWas) {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    const auto record = Any(seed).record(seed % 10);
    const auto again = decode_record(encode_record(record));
    ASSERT_TRUE(again.ok()) << seed << ": " << again.error().detail;
    EXPECT_EQ(*again, record) << seed;
  }
}

TEST(Record, NoProperPrefixAndNoLongerTextIsARecord) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    auto bytes = encode_record(Any(seed).record(seed % 10));
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_record(ByteView(bytes).first(size)).ok());
    bytes.push_back(0);
    EXPECT_FALSE(decode_record(bytes).ok());
  }
}

TEST(Record, WhateverIsAcceptedHasExactlyThisSpelling) {
  unsigned accepted = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    auto bytes = encode_record(Any(seed).record(seed % 10));
    std::mt19937 random(seed);
    for (int change = 0; change < 200; ++change) {
      auto changed = bytes;
      changed[random() % changed.size()] ^= Byte(1 << (random() % 8));
      const auto record = decode_record(changed);
      if (!record.ok()) continue;
      ++accepted;
      EXPECT_EQ(encode_record(*record), changed) << seed;
    }
  }
  EXPECT_GT(accepted, 10'000u);  // flips inside texts and numbers are other records, not damage: the log's hashes notice them
}

TEST(Record, ACountThatPromisesTooMuchIsRefusedBeforeAnythingIsMade) {
  Record record{"s", 1, 0, 0, Started{}};
  auto bytes = encode_record(record);
  bytes[bytes.size() - 1] = 0xff, bytes[bytes.size() - 2] = 0xff;  // 65 535 facts
  EXPECT_FALSE(decode_record(bytes).ok());
}

}  // namespace
}  // namespace narrowgate::recording
