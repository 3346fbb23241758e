#include "protocol/postgres/wire/messages_frontend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/postgres/wire/wire_cases.h"

namespace narrowgate::postgres::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// From a whole message, through the frame scanner.
Result<Message> read(const Bytes& bytes) {
  FrontendFrames frames(FrontendFrames::Phase::session);
  NG_TRY(auto frame, frames.next(bytes));
  if (!frame) return Error{Code::truncated, Blame::client, "not whole"};
  return decode(*frame);
}

template <class T>
T expect(const Bytes& bytes) {
  auto message = read(bytes);
  EXPECT_TRUE(message.ok()) << (message.ok() ? "" : to_string(message.error()));
  return std::get<T>(std::move(message).take());
}

void refuses(const Bytes& bytes, std::string_view why) {
  const auto message = read(bytes);
  ASSERT_FALSE(message.ok()) << why;
  EXPECT_EQ(message.error().code, Code::malformed);
  EXPECT_EQ(message.error().blame, Blame::client);
  EXPECT_THAT(message.error().detail, HasSubstr(why));
}

const Bytes parse = message('P', "s1\0select $1\0\0\2\0\0\0\x17\0\0\0\0"_bytes);
const Bytes bind = message('B', "p\0s1\0\0\1\0\1\0\2\0\0\0\2ab\xFF\xFF\xFF\xFF\0\1\0\0"_bytes);
const Bytes call = message('F', "\0\0\4\xD2\0\1\0\0\0\1\0\0\0\1x\0\1"_bytes);

const std::vector<Bytes> all = {message('Q', "select 1\0"_bytes),
                                parse,
                                bind,
                                message('D', "Ss1\0"_bytes),
                                message('D', "P\0"_bytes),
                                message('E', "p\0\0\0\0\7"_bytes),
                                message('C', "Pp\0"_bytes),
                                message('S'),
                                message('H'),
                                message('X'),
                                message('d', "1\t2\n"_bytes),
                                message('c'),
                                message('f', "no more\0"_bytes),
                                call};

TEST(FrontendMessages, AreWrittenAfreshByteForByte) {
  for (const Bytes& bytes : all) {
    Bytes again;
    write(again, read(bytes).value());
    EXPECT_EQ(again, bytes);
  }
}

TEST(FrontendMessages, AreNothingWhenCutAndAnErrorWhenTheyLieAboutTheirLength) {
  for (const Bytes& bytes : all) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Bytes cut(bytes.begin(), bytes.begin() + std::ptrdiff_t(size));
      if (bytes[0] == 'd' && size > 5) continue;  // handed out in pieces
      ASSERT_FALSE(read(cut).ok());
      EXPECT_EQ(read(cut).error().code, Code::truncated);
    }
    if (bytes[0] == 'd') continue;
    for (std::size_t size = 0; size + 5 < bytes.size(); ++size) {
      EXPECT_FALSE(read(message(char(bytes[0]), Bytes(bytes.begin() + 5, bytes.begin() + 5 + std::ptrdiff_t(size)))).ok());
    }
    EXPECT_FALSE(read(message(char(bytes[0]), Bytes(bytes.begin() + 5, bytes.end()) + Bytes{0})).ok());
  }
}

TEST(FrontendMessages, ReadABind) {
  const auto message = expect<Bind>(bind);
  EXPECT_EQ(message.portal, "p");
  EXPECT_EQ(message.statement, "s1");
  EXPECT_THAT(message.formats, ElementsAre(Format::binary));
  ASSERT_EQ(message.values.size(), 2u);
  EXPECT_EQ(as_text(*message.values[0]), "ab");
  EXPECT_FALSE(message.values[1]);
  EXPECT_THAT(message.result_formats, ElementsAre(Format::text));
}

TEST(FrontendMessages, ReadAParseAndTakeAnEmptyOne) {
  EXPECT_THAT(expect<Parse>(parse).types, ElementsAre(23u, 0u));
  const auto empty = expect<Parse>(message('P', "\0\0\0\0"_bytes));
  EXPECT_EQ(empty.statement, "");
  EXPECT_EQ(empty.text, "");
  EXPECT_THAT(empty.types, IsEmpty());
}

TEST(FrontendMessages, EndAQueryWhereTheServerDoes) {
  refuses(message('Q', "select 1\0; drop table t\0"_bytes), "Query message has bytes after its end");
  refuses(message('Q', "select 1"_bytes), "without its closing zero");
  refuses(message('P', "s\0select 1\0drop table t\0\0\0"_bytes), "Parse message");
}

TEST(FrontendMessages, BelieveNoCountBeyondTheBytesThatAreThere) {
  refuses(message('B', "\0\0\0\0\xFF\xFF\0\0"_bytes), "ends too early");
  refuses(message('P', "\0\0\xFF\xFF\0\0\0\0"_bytes), "ends too early");
  refuses(message('F', "\0\0\0\1\0\0\0\2\0\0\0\1x\0\1"_bytes), "ends too early");
  refuses(message('F', "\0\0\0\1\0\0\0\1\0\0\0\x7Fx\0\1"_bytes), "ends too early");
}

TEST(FrontendMessages, TakeABindOf65535Values) {
  Bytes bytes;
  Bind big{.portal = {}, .statement = {}, .formats = {}, .values = std::vector<Value>(65'535), .result_formats = {}};
  write(bytes, big);
  EXPECT_EQ(expect<Bind>(bytes).values.size(), 65'535u);
}

TEST(FrontendMessages, WantZeroOneOrAllFormatCodes) {
  refuses(message('B', "\0\0\0\2\0\0\0\0\0\1\0\0\0\1x\0\0"_bytes), "neither 0, 1 nor as many");
  refuses(message('B', "\0\0\0\2\0\0\0\0\0\3\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0"_bytes),
          "neither 0, 1 nor as many");
  refuses(message('B', "\0\0\0\1\0\2\0\1\0\0\0\1x\0\0"_bytes), "neither 0 nor 1");
  refuses(message('B', "\0\0\0\0\0\0\0\1\0\7"_bytes), "neither 0 nor 1");
}

TEST(FrontendMessages, RefuseNegativeLengthsOtherThanNull) {
  refuses(message('B', "\0\0\0\0\0\1\xFF\xFF\xFF\xFE\0\0"_bytes), "negative length");
  refuses(message('B', "\0\0\0\0\0\1\x80\0\0\0\0\0"_bytes), "negative length");
}

TEST(FrontendMessages, DescribeAndCloseStatementsOrPortalsOnly) {
  refuses(message('D', "Xs\0"_bytes), "neither a statement nor a portal");
  refuses(message('C', "\0s\0"_bytes), "neither a statement nor a portal");
}

TEST(FrontendMessages, BoundNames) {
  const Bytes name(limits::pg_name_bytes_max + 1, 'n');
  refuses(message('D', "S"_bytes + name + Bytes{0}), "1,024");
  refuses(message('P', name + "\0\0\0\0"_bytes), "1,024");
}

TEST(FrontendMessages, RefuseAParseOfALongStatement) {
  const auto answer = read(message('P', "\0"_bytes + Bytes(limits::statement_bytes_max + 1, 'x') + "\0\0\0"_bytes));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::too_large);
}

TEST(FrontendMessages, AnswerFormatsOutsideAListWithText) {
  const std::vector<Format> two{Format::binary, Format::binary};
  EXPECT_EQ(format_of({}, 3), Format::text);
  EXPECT_EQ(format_of({Format::binary}, 3), Format::binary);
  EXPECT_EQ(format_of(two, 1), Format::binary);
  EXPECT_EQ(format_of(two, 2), Format::text);
}

TEST(Passwords, AreReadInTheirThreeShapes) {
  EXPECT_EQ(*decode_password("secret\0"_bytes), "secret");
  EXPECT_FALSE(decode_password("sec\0ret\0"_bytes).ok());
  EXPECT_FALSE(decode_password("secret"_bytes).ok());
  const Bytes body = "SCRAM-SHA-256\0\0\0\0\3n,,"_bytes;
  const auto initial = decode_sasl_initial(body);
  EXPECT_EQ(initial->mechanism, "SCRAM-SHA-256");
  EXPECT_EQ(*initial->data, "n,,");
  EXPECT_FALSE(decode_sasl_initial("SCRAM-SHA-256\0\xFF\xFF\xFF\xFF"_bytes)->data);
  EXPECT_FALSE(decode_sasl_initial("SCRAM-SHA-256\0\0\0\0\4n,,"_bytes).ok());
  EXPECT_FALSE(decode_sasl_initial("SCRAM-SHA-256\0\0\0\0\2n,,"_bytes).ok());
}

}  // namespace
}  // namespace narrowgate::postgres::frontend
