#include "protocol/postgres/wire/messages_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/postgres/wire/messages_answer.h"
#include "protocol/postgres/wire/wire_cases.h"

namespace narrowgate::postgres::backend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class T>
Result<T> read(const Bytes& bytes) {
  BackendFrames frames(1u << 20);
  NG_TRY(auto frame, frames.next(bytes));
  if (!frame) return Error{Code::truncated, Blame::upstream, "not whole"};
  EXPECT_EQ(frame->size, bytes.size());
  NG_TRY(auto message, decode(*frame));
  return std::get<T>(std::move(message));
}

template <class Write>
Bytes written(Write&& write) {
  Bytes out;
  write(wire::Writer(out));
  return out;
}

TEST(BackendMessages, ReadEveryKindOfAuthentication) {
  using Kind = Authentication::Kind;
  EXPECT_EQ(decode_authentication("\0\0\0\0"_bytes)->kind, Kind::ok);
  EXPECT_EQ(decode_authentication("\0\0\0\3"_bytes)->kind, Kind::cleartext);
  EXPECT_EQ(as_text(decode_authentication("\0\0\0\5salt"_bytes)->data), "salt");
  EXPECT_EQ(decode_authentication("\0\0\0\7"_bytes)->kind, Kind::gss);
  EXPECT_EQ(decode_authentication("\0\0\0\x09"_bytes)->kind, Kind::sspi);
  EXPECT_THAT(decode_authentication("\0\0\0\x0AX\0YZ\0\0"_bytes)->mechanisms, ElementsAre("X", "YZ"));
  EXPECT_THAT(decode_authentication("\0\0\0\x0A\0"_bytes)->mechanisms, IsEmpty());
  EXPECT_EQ(as_text(decode_authentication("\0\0\0\x0Br=1"_bytes)->data), "r=1");
  EXPECT_EQ(as_text(decode_authentication("\0\0\0\x0Cv=1"_bytes)->data), "v=1");
  for (const Bytes& bad : {"\0\0\0"_bytes, "\0\0\0\5sal"_bytes, "\0\0\0\5salty"_bytes, "\0\0\0\x0AX\0"_bytes, "\0\0\0\x0AX"_bytes,
                           "\0\0\0\x0A\0X"_bytes, "\0\0\0\0x"_bytes, "\0\0\0\x63"_bytes, "\0\0\0\1"_bytes}) {
    EXPECT_FALSE(decode_authentication(bad).ok()) << to_hex(bad);
  }
}

TEST(BackendMessages, ReadBothFormsOfTheCancelKey) {
  EXPECT_EQ(decode_backend_key_data("\0\0\0\7abcd"_bytes)->process, 7);
  EXPECT_EQ(decode_backend_key_data("\0\0\0\7"_bytes + Bytes(256, 'k'))->key.size(), 256u);
  EXPECT_FALSE(decode_backend_key_data("\0\0\0\7abc"_bytes).ok());
  EXPECT_FALSE(decode_backend_key_data("\0\0\0\7"_bytes + Bytes(257, 'k')).ok());
}

TEST(BackendMessages, ReadATagsVerbAndCount) {
  const auto expect = [](std::string_view tag, std::string_view verb, std::optional<std::uint64_t> rows) {
    const CommandComplete message = read_tag(tag);
    EXPECT_EQ(message.verb, verb) << tag;
    EXPECT_EQ(message.rows, rows) << tag;
    EXPECT_EQ(message.tag, tag);
  };
  expect("INSERT 0 5", "INSERT", 5);
  expect("INSERT 16384 1", "INSERT", 1);
  expect("SELECT 3", "SELECT", 3);
  expect("COPY 9", "COPY", 9);
  expect("MERGE 4", "MERGE", 4);
  expect("UPDATE 0", "UPDATE", 0);
  expect("DELETE 18446744073709551615", "DELETE", 18446744073709551615u);
  expect("DELETE 18446744073709551616", "DELETE 18446744073709551616", std::nullopt);
  expect("CREATE TABLE", "CREATE TABLE", std::nullopt);
  expect("BEGIN", "BEGIN", std::nullopt);
  expect("", "", std::nullopt);
  expect("SELECT ", "SELECT ", std::nullopt);
  expect("SELECT -1", "SELECT -1", std::nullopt);
}

TEST(BackendMessages, ReadRowsAndTheirDescription) {
  const Bytes description = message('T', "\0\1id\0\0\0\x40\1\0\2\0\0\0\x17\0\4\xFF\xFF\xFF\xFF\0\1"_bytes);
  const auto columns = read<RowDescription>(description)->columns;
  ASSERT_EQ(columns.size(), 1u);
  EXPECT_EQ(columns[0].name, "id");
  EXPECT_EQ(columns[0].table, 0x4001u);
  EXPECT_EQ(columns[0].attribute, 2);
  EXPECT_EQ(columns[0].type, 23u);
  EXPECT_EQ(columns[0].type_size, 4);
  EXPECT_EQ(columns[0].type_modifier, -1);
  EXPECT_EQ(columns[0].format, Format::binary);
  EXPECT_FALSE(read<RowDescription>(message('T', "\xFF\xFF"_bytes)).ok());
  EXPECT_THAT(*decode_text_row("\0\2\0\0\0\1x\xFF\xFF\xFF\xFF"_bytes), ElementsAre("x", std::nullopt));
  EXPECT_FALSE(decode_data_row("\0\2\0\0\0\1x"_bytes).ok());
}

TEST(BackendMessages, ReadTheRest) {
  EXPECT_EQ(read<ParameterStatus>(message('S', "a\0b\0"_bytes))->value, "b");
  EXPECT_EQ(read<ReadyForQuery>(message('Z', "T"_bytes))->status, TransactionStatus::open);
  EXPECT_FALSE(read<ReadyForQuery>(message('Z', "x"_bytes)).ok());
  EXPECT_THAT(read<ParameterDescription>(message('t', "\0\1\0\0\0\x19"_bytes))->types, ElementsAre(25u));
  EXPECT_THAT(read<CopyResponse>(message('G', "\0\0\2\0\0\0\0"_bytes))->column_formats, ElementsAre(Format::text, Format::text));
  EXPECT_FALSE(read<CopyResponse>(message('H', "\2\0\0"_bytes)).ok());
  EXPECT_EQ(read<NotificationResponse>(message('A', "\0\0\0\1c\0p\0"_bytes))->payload, "p");
  EXPECT_FALSE(read<FunctionCallResponse>(message('V', "\xFF\xFF\xFF\xFF"_bytes))->value);
  const Bytes step_down = message('v', "\0\3\0\2\0\0\0\1_pq_.x\0"_bytes);
  const auto negotiate = read<NegotiateProtocolVersion>(step_down);
  EXPECT_EQ(negotiate->minor, 2);
  EXPECT_THAT(negotiate->refused_options, ElementsAre("_pq_.x"));
  EXPECT_FALSE(read<NegotiateProtocolVersion>(message('v', "\0\3\0\2\xFF\xFF\xFF\xFF"_bytes)).ok());
}

TEST(BackendMessages, RefuseEveryCutBodyAndEveryTail) {
  const std::vector<Bytes> all = {message('S', "a\0b\0"_bytes),
                                  message('K', "\0\0\0\7abcd"_bytes),
                                  message('Z', "I"_bytes),
                                  message('E', "SERROR\0C42501\0\0"_bytes),
                                  message('C', "SELECT 1\0"_bytes),
                                  message('T', "\0\1id\0\0\0\x40\1\0\2\0\0\0\x17\0\4\xFF\xFF\xFF\xFF\0\1"_bytes),
                                  message('D', "\0\2\0\0\0\1x\xFF\xFF\xFF\xFF"_bytes),
                                  message('t', "\0\1\0\0\0\x19"_bytes),
                                  message('G', "\0\0\1\0\0"_bytes),
                                  message('A', "\0\0\0\1c\0p\0"_bytes),
                                  message('V', "\0\0\0\1x"_bytes),
                                  message('v', "\0\3\0\0\0\0\0\1x\0"_bytes)};
  for (const Bytes& bytes : all) {
    const ByteView body = ByteView(bytes).subspan(5);
    EXPECT_TRUE(decode({char(bytes[0]), body, 0}).ok()) << char(bytes[0]);
    for (std::size_t size = 0; size < body.size(); ++size) {
      if (bytes[0] == 'K' && size >= 8) continue;
      EXPECT_FALSE(decode({char(bytes[0]), body.first(size), 0}).ok()) << char(bytes[0]) << size;
    }
    const Bytes longer = Bytes(body.begin(), body.end()) + Bytes{0};
    EXPECT_EQ(decode({char(bytes[0]), longer, 0}).ok(), bytes[0] == 'K') << char(bytes[0]);
  }
}

// ---- what we say ourselves

TEST(Answers, ReadBackAsTheyWereMeant) {
  const std::string_view mechanisms[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"};
  EXPECT_EQ(written(answer::authentication_ok), message('R', "\0\0\0\0"_bytes));
  EXPECT_EQ(written(answer::authentication_cleartext), message('R', "\0\0\0\3"_bytes));
  EXPECT_THAT(read<Authentication>(written([&](auto out) { answer::authentication_sasl(out, mechanisms); }))->mechanisms,
              ElementsAre("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"));
  EXPECT_EQ(written([](auto out) { answer::ready_for_query(out, TransactionStatus::failed); }), message('Z', "E"_bytes));
  EXPECT_EQ(written([](auto out) { answer::parameter_status(out, "a", "b"); }), message('S', "a\0b\0"_bytes));
  EXPECT_EQ(written([](auto out) { answer::backend_key_data(out, 7, "abcd"_bytes); }), message('K', "\0\0\0\7abcd"_bytes));
  EXPECT_EQ(written([](auto out) { answer::command_complete(out, "SELECT 1"); }), message('C', "SELECT 1\0"_bytes));
  const std::string_view refused[] = {"_pq_.x"};
  EXPECT_EQ(written([&](auto out) { answer::negotiate_protocol_version(out, 2, refused); }),
            message('v', "\0\3\0\2\0\0\0\1_pq_.x\0"_bytes));
}

TEST(Answers, HaveNothingInsideWhereThereIsNothingToSay) {
  EXPECT_EQ(written(answer::empty_query_response), message('I'));
  EXPECT_EQ(written(answer::no_data), message('n'));
  EXPECT_EQ(written(answer::portal_suspended), message('s'));
  EXPECT_EQ(written(answer::parse_complete), message('1'));
  EXPECT_EQ(written(answer::bind_complete), message('2'));
  EXPECT_EQ(written(answer::close_complete), message('3'));
  EXPECT_EQ(written(answer::copy_done), message('c'));
}

TEST(Answers, MakeATableOfText) {
  const std::string_view names[] = {"verb", "object"};
  const std::optional<std::string_view> values[] = {"SELECT", std::nullopt};
  const Bytes description = written([&](auto out) { answer::text_columns(out, names, {Format::binary}); });
  const auto columns = read<RowDescription>(description)->columns;
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[1].name, "object");
  EXPECT_EQ(columns[1].type, 25u);
  EXPECT_EQ(columns[1].format, Format::binary);
  const Bytes row = written([&](auto out) { answer::text_row(out, values); });
  EXPECT_EQ(row, message('D', "\0\2\0\0\0\6SELECT\xFF\xFF\xFF\xFF"_bytes));
}

// ---- errors

TEST(ErrorFields, AreReadInOrderAndTheLastOfACodeCounts) {
  const Bytes body = "SERREUR\0VFATAL\0C28000\0Mfirst\0Msecond\0\0"_bytes;
  const auto fields = decode_error_fields(body);
  EXPECT_EQ(fields->severity(), "FATAL");
  EXPECT_TRUE(fields->fatal());
  EXPECT_EQ(fields->sqlstate(), "28000");
  EXPECT_EQ(fields->message(), "second");
  EXPECT_EQ(fields->get('H'), "");
  EXPECT_EQ(fields->all().size(), 5u);
}

TEST(ErrorFields, MustEndWhereTheMessageEnds) {
  for (const Bytes& bad : {"SERROR\0"_bytes, "SERROR"_bytes, ""_bytes, "SERROR\0\0x"_bytes})
    EXPECT_FALSE(decode_error_fields(bad).ok());
}

TEST(ErrorFields, ComeOutPrintable) {
  const Bytes body = "SERROR\0MH\xC3\xA9\x1B[31mllo\n\xE2\x80\xAEx\0\0"_bytes;
  const auto fields = decode_error_fields(body);
  Bytes out;
  write_printable(out, ErrorKind::error, *fields);
  EXPECT_EQ(out, message('E', "SERROR\0MH\xC3\xA9\\u{1b}[31mllo\n\\u{202e}x\0\0"_bytes));
}

TEST(ErrorFields, KeepTextOfOtherEncodingsButNoControlCharacters) {
  EXPECT_EQ(printable_text("caf\xE9\x1B\x7F\tok"), "caf\xE9\\u{1b}\\u{7f}\tok");
  EXPECT_EQ(printable_text(std::string_view("a\0b", 3)), "a\\u{0}b");
  EXPECT_EQ(printable_text(std::string_view("\xE9\0b", 3)), "\xE9\\u{0}b");
}

}  // namespace
}  // namespace narrowgate::postgres::backend
