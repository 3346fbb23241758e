#include "protocol/postgres/wire/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/postgres/wire/wire_cases.h"

namespace narrowgate::postgres {
namespace {

using ::testing::ElementsAre;
using Phase = FrontendFrames::Phase;

Code fault(ByteView buffer, Phase phase = Phase::session) {
  const auto frame = FrontendFrames(phase).next(buffer);
  EXPECT_FALSE(frame.ok());
  return frame.ok() ? Code::bug : frame.error().code;
}

// ---- client → gateway

TEST(FrontendFrames, FindsTheSameMessagesAtEverySplit) {
  const Bytes stream = message('Q', "select 1\0"_bytes) + message('S') + message('H') + message('X');
  FrontendFrames frames(Phase::session);
  std::string types;
  feed_bytewise(stream, [&](ByteView buffer) -> Result<std::size_t> {
    NG_TRY(auto frame, frames.next(buffer));
    if (!frame) return std::size_t(0);
    EXPECT_EQ(frame->body.size() + 5, frame->size);
    types += frame->type;
    return frame->size;
  });
  EXPECT_EQ(types, "QSHX");
}

TEST(FrontendFrames, SaysHowMuchItWants) {
  FrontendFrames frames(Phase::session);
  const Bytes query = message('Q', "select 1\0"_bytes);
  EXPECT_FALSE(frames.next(ByteView(query).first(3))->has_value());
  EXPECT_EQ(frames.wanted(), 5u);
  EXPECT_FALSE(frames.next(ByteView(query).first(7))->has_value());
  EXPECT_EQ(frames.wanted(), query.size());
}

TEST(FrontendFrames, RefusesAnUnknownTypeAtItsFirstByte) {
  for (const Byte type : "z\0\xFFRZ"_bytes) EXPECT_EQ(fault(Bytes{type}), Code::malformed) << int(type);
}

TEST(FrontendFrames, RefusesALengthBeforeAnythingIsKeptForIt) {
  for (const std::uint32_t length : {0u, 3u, 4u}) EXPECT_EQ(fault(header('Q', length)), Code::malformed) << length;
  for (const std::uint32_t length : {0x7FFFFFFFu, 0xFFFFFFFFu, 0x80000000u})
    EXPECT_EQ(fault(header('Q', length)), Code::too_large);
  EXPECT_EQ(fault(header('d', (1u << 30) + 1)), Code::too_large);
}

TEST(FrontendFrames, RefusesContentWhereThereCanBeNone) {
  for (const char type : {'S', 'H', 'X', 'c'}) EXPECT_EQ(fault(header(type, 5)), Code::malformed) << type;
}

TEST(FrontendFrames, TakesAPasswordOnlyDuringTheLoginAndNothingElseThen) {
  EXPECT_EQ(fault(message('p', "secret\0"_bytes)), Code::malformed);
  EXPECT_EQ(fault(message('Q', "select 1\0"_bytes), Phase::login), Code::malformed);
  EXPECT_EQ(FrontendFrames(Phase::login).next(message('p', "secret\0"_bytes))->value().type, 'p');
  EXPECT_EQ(fault(header('p', limits::password_bytes_max + 6), Phase::login), Code::too_large);
}

TEST(FrontendFrames, TakesAStatementUpToItsLimitAndNoLonger) {
  EXPECT_TRUE(FrontendFrames(Phase::session).next(header('Q', limits::pg_query_body_max + 4)).ok());
  EXPECT_EQ(fault(header('D', limits::pg_name_body_max + 5)), Code::too_large);
  EXPECT_EQ(fault(header('Q', limits::message_bytes_max + 1)), Code::too_large);
}

TEST(FrontendFrames, PassesOverAStatementThatIsTooLongAndGoesOnBehindIt) {
  for (const char type : {'Q', 'P', 'B', 'F'}) {
    FrontendFrames frames(Phase::session);
    std::size_t left = limits::pg_bind_body_max + 6;
    Bytes piece = header(type, std::uint32_t(left - 1));
    for (std::size_t passed = 0; left > 0; left -= passed) {
      const auto frame = frames.next(ByteView(piece).first(std::min(left, piece.size())));
      ASSERT_TRUE(frame.ok() && *frame);
      EXPECT_TRUE((*frame)->body.empty());
      passed = (*frame)->size;
      EXPECT_EQ((*frame)->excess, passed == left ? Frame::Excess::end : Frame::Excess::piece);
      piece.assign(1 << 20, Byte('x'));
    }
    EXPECT_EQ(frames.next(message('S'))->value().type, 'S');
  }
}

TEST(FrontendFrames, HandsOutCopyDataPieceByPiece) {
  FrontendFrames frames(Phase::session);
  const Bytes start = header('d', 4 + 6) + "abc"_bytes;
  auto piece = *frames.next(start);
  ASSERT_TRUE(piece);
  EXPECT_EQ(as_text(piece->body), "abc");
  EXPECT_EQ(piece->size, 8u);
  EXPECT_TRUE(frames.mid_copy_data());
  const Bytes rest = "def"_bytes + message('c');
  piece = *frames.next(rest);
  EXPECT_EQ(as_text(piece->body), "def");
  EXPECT_EQ(piece->size, 3u);
  EXPECT_FALSE(frames.mid_copy_data());
  EXPECT_EQ((*frames.next(ByteView(rest).subspan(3)))->type, 'c');
}

TEST(FrontendFrames, DoesNotTakeCopyDataForMessages) {
  FrontendFrames frames(Phase::session);
  const Bytes stream =
      message('d', message('Q', "drop table t\0"_bytes)) + message('f', "no\0"_bytes) + message('Q', "select 1\0"_bytes);
  std::string types, copied;
  feed_bytewise(stream, [&](ByteView buffer) -> Result<std::size_t> {
    NG_TRY(auto frame, frames.next(buffer));
    if (!frame) return std::size_t(0);
    if (frame->type == 'd') copied += as_text(frame->body);
    else types += frame->type;
    return frame->size;
  });
  EXPECT_EQ(types, "fQ");
  EXPECT_EQ(as_bytes(copied).size(), message('Q', "drop table t\0"_bytes).size());
}

TEST(FrontendFrames, GivesAnEmptyCopyDataAsOnePiece) {
  const auto frame = *FrontendFrames(Phase::session).next(message('d'));
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->body.empty());
  EXPECT_EQ(frame->size, 5u);
}

// ---- upstream → gateway

TEST(BackendFrames, BoundsWhatItReadsWhole) {
  BackendFrames frames(100);
  EXPECT_EQ((*frames.next(message('Z', "I"_bytes)))->type, 'Z');
  EXPECT_EQ(frames.next(header('S', 105)).error().code, Code::too_large);
  EXPECT_EQ(frames.next(header('D', 0x7FFFFFFF)).error().code, Code::too_large);
  EXPECT_EQ(frames.next(header('Z', 4)).error().code, Code::malformed);
  EXPECT_EQ(frames.next("q"_bytes).error().blame, Blame::upstream);
}

// ---- upstream → client

struct Walk {
  std::vector<std::string> frames;  // "C:SELECT 2"
  std::string passed;
  std::uint64_t rows = 0, bytes = 0;
  std::optional<Code> fault;
  bool over_budget = false;
  friend bool operator==(const Walk&, const Walk&) = default;
};

Walk walk(ByteView stream, std::size_t chunk_bytes, std::uint64_t rows = RelayScanner::unlimited,
          std::uint64_t bytes = RelayScanner::unlimited) {
  RelayScanner scanner;
  scanner.allow(rows, bytes);
  Walk out;
  while (!stream.empty()) {
    const Bytes own(stream.begin(), stream.begin() + std::ptrdiff_t(std::min(chunk_bytes, stream.size())));
    stream = stream.subspan(own.size());
    ByteView chunk = own;
    while (true) {
      auto step = scanner.next(chunk);
      if (!step) return out.fault = step.error().code, out;
      chunk = chunk.subspan(step->used);
      if (step->kind == RelayStep::Kind::more) break;
      if (step->kind == RelayStep::Kind::over_budget) return out.over_budget = true, out;
      out.passed += as_text(step->raw);
      out.rows += step->rows;
      out.bytes += step->bytes;
      if (step->kind == RelayStep::Kind::frame)
        out.frames.push_back(std::string(1, step->type) + ":" + std::string(as_text(step->body)));
    }
    EXPECT_TRUE(chunk.empty());
  }
  return out;
}

const Bytes row = message('D', "\0\1\0\0\0\1x"_bytes);
const Bytes answer = message('T', "\0\0"_bytes) + row + row + message('D', "\0\0"_bytes) + message('N', "SNOTICE\0\0"_bytes) +
                     row + message('C', "SELECT 4\0"_bytes) + message('Z', "I"_bytes);

TEST(RelayScanner, SeesTheSameInChunksOfEverySize) {
  const Walk whole = walk(answer, answer.size());
  EXPECT_EQ(whole.rows, 4u);
  EXPECT_EQ(whole.bytes, 3 * row.size() + 7);
  EXPECT_EQ(as_bytes(whole.passed).size(), answer.size());
  EXPECT_EQ(Bytes(whole.passed.begin(), whole.passed.end()), answer);
  EXPECT_THAT(whole.frames,
              ElementsAre(std::string("T:\0\0", 4), std::string("N:SNOTICE\0\0", 11), std::string("C:SELECT 4\0", 11), "Z:I"));
  for (std::size_t size = 1; size < answer.size(); ++size) EXPECT_EQ(walk(answer, size), whole) << size;
}

TEST(RelayScanner, CountsCopyDataLikeRows) {
  const Bytes copy = message('H', "\0\0\0"_bytes) + message('d', "1\t2\n"_bytes) + message('d', "3\t4\n"_bytes) + message('c');
  for (std::size_t size = 1; size <= copy.size(); ++size) {
    EXPECT_EQ(walk(copy, size).rows, 2u);
    EXPECT_EQ(walk(copy, size).bytes, 18u);
  }
}

TEST(RelayScanner, StopsInFrontOfTheFirstRowOverTheBudget) {
  for (std::size_t size = 1; size <= answer.size(); ++size) {
    const Walk by_rows = walk(answer, size, 3);
    EXPECT_TRUE(by_rows.over_budget);
    EXPECT_EQ(by_rows.rows, 3u);
    EXPECT_THAT(by_rows.frames, ::testing::SizeIs(2));  // the notice came before the row too many
    const Walk by_bytes = walk(answer, size, 100, 2 * row.size() + 6);
    EXPECT_TRUE(by_bytes.over_budget);
    EXPECT_EQ(by_bytes.rows, 2u);
    EXPECT_FALSE(walk(answer, size, 4, 3 * row.size() + 7).over_budget);
  }
}

TEST(RelayScanner, GoesOnWhenTheBudgetIsRaised) {
  RelayScanner scanner;
  scanner.allow(0, RelayScanner::unlimited);
  EXPECT_EQ(scanner.next(row)->kind, RelayStep::Kind::over_budget);
  EXPECT_EQ(scanner.next(row)->kind, RelayStep::Kind::over_budget);
  scanner.allow(1, RelayScanner::unlimited);
  const RelayStep step = *scanner.next(row);
  EXPECT_EQ(step.kind, RelayStep::Kind::bulk);
  EXPECT_EQ(step.used, row.size());
}

TEST(RelayScanner, PassesARowOfAGibibyteWithoutKeepingIt) {
  RelayScanner scanner;
  ASSERT_EQ(scanner.next(header('D', 1u << 30))->rows, 1u);
  const Bytes chunk(1u << 20);
  std::size_t left = (1u << 30) - 4;
  while (left > 0) {
    EXPECT_TRUE(scanner.mid_message());
    const RelayStep step = *scanner.next(ByteView(chunk).first(std::min(left, chunk.size())));
    ASSERT_EQ(step.kind, RelayStep::Kind::bulk);
    ASSERT_EQ(step.raw.data(), chunk.data());
    left -= step.used;
  }
  EXPECT_FALSE(scanner.mid_message());
  EXPECT_EQ(scanner.next(message('Z', "I"_bytes))->type, 'Z');
}

TEST(RelayScanner, KnowsWhetherTheClientIsInsideAMessage) {
  RelayScanner scanner;
  const Bytes cut = row + row;
  EXPECT_EQ(scanner.next(ByteView(cut).first(row.size() + 7))->used, row.size() + 7);
  EXPECT_TRUE(scanner.mid_message());
  EXPECT_EQ(scanner.next(ByteView(cut).subspan(row.size() + 7))->used, row.size() - 7);
  EXPECT_FALSE(scanner.mid_message());
  // The start of a message to look at is kept here, so the client has seen nothing of it.
  EXPECT_EQ(scanner.next(header('E', 100))->kind, RelayStep::Kind::more);
  EXPECT_FALSE(scanner.mid_message());
}

TEST(RelayScanner, RefusesWhatNoHonestServerSendsInASession) {
  const auto fault_at_every_split = [](const Bytes& bytes, Code code) {
    for (std::size_t size = 1; size <= bytes.size(); ++size) EXPECT_EQ(walk(bytes, size).fault, code);
  };
  fault_at_every_split(row + "q"_bytes, Code::malformed);
  fault_at_every_split(row + Bytes{0}, Code::malformed);
  fault_at_every_split(row + message('R', "\0\0\0\3"_bytes), Code::malformed);
  fault_at_every_split(message('K', "12345678"_bytes), Code::malformed);
  fault_at_every_split(message('W', "\0\0\0"_bytes), Code::unsupported);
  fault_at_every_split(header('D', 5), Code::malformed);
  fault_at_every_split(header('D', 0xFFFFFFFF), Code::too_large);
  fault_at_every_split(header('d', 3), Code::malformed);
  fault_at_every_split(header('Z', 6) + "II"_bytes, Code::too_large);
  fault_at_every_split(header('1', 5) + "x"_bytes, Code::malformed);
  fault_at_every_split(header('E', limits::pg_inspected_body_max + 5), Code::too_large);
  fault_at_every_split(header('T', 0x7FFFFFFF), Code::too_large);
}

TEST(RelayScanner, GivesBackTheMemoryOfALongMessageThatWasCut) {
  RelayScanner scanner;
  const Bytes notice = message('N', Bytes(500'000, 'x'));
  EXPECT_EQ(scanner.next(ByteView(notice).first(300'000))->kind, RelayStep::Kind::more);
  const RelayStep step = *scanner.next(ByteView(notice).subspan(300'000));
  EXPECT_EQ(step.body.size(), 500'000u);
  EXPECT_EQ(step.used, 200'005u);
  EXPECT_EQ(scanner.next(message('Z', "I"_bytes))->kind, RelayStep::Kind::frame);
}

}  // namespace
}  // namespace narrowgate::postgres
