#include "protocol/postgres/wire/startup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "protocol/postgres/wire/wire_cases.h"

namespace narrowgate::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Bytes packet(const Bytes& body) {
  Bytes out;
  wire::Writer writer(out);
  writer.framed([&] { writer.bytes(body); });
  return out;
}

const Bytes ssl_request = packet("\x04\xD2\x16\x2F"_bytes);
const Bytes gss_request = packet("\x04\xD2\x16\x30"_bytes);
const Bytes v3 = "\0\3\0\0"_bytes;
const Bytes hello = packet(v3 + "user\0refund-bot\0database\0orders\0\0"_bytes);

StartupMessage startup(const Bytes& parameters, const Bytes& version = v3) {
  auto packet_read = decode_startup(packet(version + parameters));
  EXPECT_TRUE(packet_read.ok());
  return std::get<StartupMessage>(std::move(packet_read).take());
}

StartupMessage with(const std::string& name, const std::string& value) {
  return StartupMessage{.minor = 0, .parameters = {{"user", "refund-bot"}, {name, value}}};
}

Error greeting_fault(const Bytes& buffer, bool encrypted = false) {
  const auto step = ClientGreeting().next(buffer, encrypted);
  EXPECT_FALSE(step.ok());
  return step.ok() ? Error{Code::bug, Blame::gateway, ""} : step.error();
}

// ---- packets

TEST(Startup, ReadsWhoWantsWhat) {
  const auto message = startup("user\0refund-bot\0database\0orders\0application_name\0psql\0\0"_bytes);
  EXPECT_EQ(message.user(), "refund-bot");
  EXPECT_EQ(message.database(), "orders");
  EXPECT_EQ(message.find("application_name"), "psql");
  EXPECT_FALSE(message.find("options"));
}

TEST(Startup, KeepsDuplicatesAndTakesTheLastAsPostgresDoes) {
  const auto message = startup("user\0a\0user\0b\0\0"_bytes);
  EXPECT_EQ(message.parameters.size(), 2u);
  EXPECT_EQ(message.user(), "b");
  EXPECT_EQ(message.database(), "b");
}

TEST(Startup, TakesADatabaseForAPlainName) {
  EXPECT_EQ(startup("user\0a\0database\0postgres host=10.0.0.1\0\0"_bytes).database(), "postgres host=10.0.0.1");
  EXPECT_EQ(startup("user\0a\0database\0dbname=x\0\0"_bytes).database(), "dbname=x");
}

TEST(Startup, RefusesMalformedLists) {
  for (const Bytes& bad :
       {""_bytes, "\0"_bytes, "database\0x\0\0"_bytes, "user\0\0\0"_bytes, "user\0a\0"_bytes, "user\0a\0options\0"_bytes,
        "user\0a\0options"_bytes, "user\0a\0\0x"_bytes, "user\0a\0\0\0"_bytes, "user"_bytes}) {
    const auto answer = decode_startup(packet(v3 + bad));
    ASSERT_FALSE(answer.ok()) << to_hex(bad);
    EXPECT_EQ(answer.error().code, Code::malformed);
    EXPECT_EQ(answer.error().blame, Blame::client);
  }
}

TEST(Startup, RefusesLengthsThatNoPacketHas) {
  for (const std::uint32_t length : {0u, 3u, 4u, 7u})
    EXPECT_EQ(greeting_fault(Bytes{0, 0, 0, Byte(length)}).code, Code::malformed);
  EXPECT_EQ(greeting_fault("\x7F\xFF\xFF\xFF"_bytes).code, Code::too_large);
  EXPECT_EQ(greeting_fault("\xFF\xFF\xFF\xFF"_bytes).code, Code::too_large);
  EXPECT_EQ(greeting_fault("\0\0\x27\x11"_bytes).code, Code::too_large);  // 10,001
  EXPECT_EQ(greeting_fault("GET / HTTP/1.1"_bytes).code, Code::too_large);
  EXPECT_EQ(greeting_fault("\x16\x03\x01\x02\0"_bytes).code, Code::too_large);  // a TLS ClientHello
}

TEST(Startup, WaitsAtEverySplitAndThenReadsTheSame) {
  ClientGreeting greeting;
  for (std::size_t size = 0; size < hello.size(); ++size)
    EXPECT_FALSE(greeting.next(ByteView(hello).first(size), false)->has_value());
  const auto step = greeting.next(hello + "p..."_bytes, false);
  EXPECT_EQ((*step)->size, hello.size());
  EXPECT_EQ(std::get<StartupMessage>((*step)->packet).user(), "refund-bot");
}

TEST(Startup, KnowsOtherProtocolsAndAnswersInTheirForm) {
  EXPECT_EQ(std::get<ForeignProtocol>(*decode_startup(packet("\0\2\0\0user\0"_bytes))).major, 2);
  EXPECT_EQ(std::get<ForeignProtocol>(*decode_startup(packet("\0\4\0\0"_bytes))).major, 4);
  EXPECT_FALSE(decode_startup(packet("\x04\xD2\x16\x31"_bytes)).ok());
  Bytes out;
  write_old_protocol_error(out, "protocol 2.0 is not spoken here");
  EXPECT_EQ(as_text(out), std::string_view("EFATAL:  narrowgate: protocol 2.0 is not spoken here\n\0", 54));
}

TEST(Startup, WritesWhatItReads) {
  Bytes out;
  write_startup(out, std::get<StartupMessage>(*decode_startup(hello)));
  EXPECT_EQ(out, hello);
  out.clear();
  write_ssl_request(out);
  EXPECT_EQ(out, ssl_request);
}

TEST(CancelRequest, ComesWithAShortOrALongKey) {
  Bytes out;
  write_cancel_request(out, 77, "abcd"_bytes);
  EXPECT_EQ(out, packet("\x04\xD2\x16\x2E\0\0\0\x4D"
                        "abcd"_bytes));
  const auto request = std::get<CancelRequest>(*decode_startup(out));
  EXPECT_EQ(request.process, 77);
  EXPECT_EQ(request.key, "abcd"_bytes);
  EXPECT_TRUE(decode_startup(packet("\x04\xD2\x16\x2E\0\0\0\1"_bytes + Bytes(256, 'k'))).ok());
  EXPECT_FALSE(decode_startup(packet("\x04\xD2\x16\x2E\0\0\0\1"_bytes + Bytes(257, 'k'))).ok());
  EXPECT_FALSE(decode_startup(packet("\x04\xD2\x16\x2E\0\0\0\1"
                                     "abc"_bytes))
                   .ok());
}

// ---- their order

TEST(ClientGreeting, TakesOneRequestForTlsThenGoesOnUnderIt) {
  ClientGreeting greeting;
  EXPECT_TRUE(std::holds_alternative<GssEncRequest>((*greeting.next(gss_request, false))->packet));
  EXPECT_TRUE(std::holds_alternative<SslRequest>((*greeting.next(ssl_request, false))->packet));
  EXPECT_TRUE(std::holds_alternative<StartupMessage>((*greeting.next(hello, true))->packet));
}

TEST(ClientGreeting, RefusesBytesBehindARequestForEncryption) {
  for (const Bytes& request : {ssl_request, gss_request}) {
    EXPECT_EQ(greeting_fault(request + hello).code, Code::refused);
    EXPECT_EQ(greeting_fault(request + "x"_bytes).code, Code::refused);
  }
}

TEST(ClientGreeting, RefusesASecondRequestBeforeAndAfterTls) {
  ClientGreeting before;
  EXPECT_TRUE(before.next(ssl_request, false).ok());
  EXPECT_EQ(before.next(ssl_request, false).error().code, Code::refused);
  ClientGreeting after;
  EXPECT_TRUE(after.next(ssl_request, false).ok());
  EXPECT_EQ(after.next(ssl_request, true).error().code, Code::refused);
  EXPECT_EQ(after.next(gss_request, true).error().code, Code::refused);
}

TEST(ClientGreeting, TakesACancelRequestUnderTlsToo) {
  Bytes cancel;
  write_cancel_request(cancel, 1, "abcd"_bytes);
  EXPECT_TRUE(std::holds_alternative<CancelRequest>((*ClientGreeting().next(cancel, true))->packet));
  EXPECT_TRUE(std::holds_alternative<CancelRequest>((*ClientGreeting().next(cancel, false))->packet));
}

// ---- versions

TEST(Negotiation, AgreesOnWhatBothSpeak) {
  const auto asks = [](std::uint16_t minor) { return StartupMessage{.minor = minor, .parameters = {{"user", "a"}}}; };
  EXPECT_EQ(agreed_minor(asks(0)), 0);
  EXPECT_EQ(agreed_minor(asks(1)), 0);
  EXPECT_EQ(agreed_minor(asks(2)), 2);
  EXPECT_EQ(agreed_minor(asks(9999)), 2);
  EXPECT_FALSE(needs_negotiation(asks(0)));
  EXPECT_FALSE(needs_negotiation(asks(2)));
  EXPECT_TRUE(needs_negotiation(asks(9999)));
  const StartupMessage option = with("_pq_.command_tag", "1");
  EXPECT_TRUE(needs_negotiation(option));
  EXPECT_THAT(option.protocol_options(), ElementsAre("_pq_.command_tag"));
}

TEST(Replication, IsSeenInEverySpelling) {
  for (const auto* yes : {"true", "TRUE", "t", "tr", "yes", "y", "on", "ON", "1"}) {
    EXPECT_EQ(*replication_asked(with("replication", yes)), Replication::physical) << yes;
  }
  EXPECT_EQ(*replication_asked(with("replication", "database")), Replication::database);
  for (const auto* off : {"false", "f", "no", "n", "off", "of", "0"})
    EXPECT_EQ(*replication_asked(with("replication", off)), Replication::none);
  for (const auto* bad : {"", "o", "2", "Database", "truely", "yess", " on"})
    EXPECT_FALSE(replication_asked(with("replication", bad)).ok()) << bad;
  EXPECT_EQ(*replication_asked(with("x", "y")), Replication::none);
}

TEST(Replication, IsNotHiddenBehindALaterNo) {
  StartupMessage message = with("replication", "database");
  message.parameters.push_back({"replication", "false"});
  EXPECT_EQ(*replication_asked(message), Replication::database);
}

// ---- options

TEST(Options, ReadEverySpellingOfASetting) {
  const Setting role{"role", "postgres"};
  for (const auto* text : {"-c role=postgres", "-crole=postgres", "--role=postgres", " \t-c\n\vrole=postgres\r ",
                           "-c ROLE=postgres", "\\-c role\\=postgres", "--role=postgres --"}) {
    EXPECT_THAT(*parse_options(text), ElementsAre(role)) << text;
  }
  EXPECT_THAT(*parse_options("--search-path=a"), ElementsAre(Setting{"search_path", "a"}));
  EXPECT_THAT(*parse_options("-c search-path=a-b"), ElementsAre(Setting{"search_path", "a-b"}));
}

TEST(Options, SplitAtBlanksThatAreNotEscaped) {
  EXPECT_THAT(*parse_options(R"(-c narrowgate.reason=triage\ stuck\ refunds -c a=\\b)"),
              ElementsAre(Setting{"narrowgate.reason", "triage stuck refunds"}, Setting{"a", R"(\b)"}));
  EXPECT_THAT(*parse_options("-c a=b=c -c d="), ElementsAre(Setting{"a", "b=c"}, Setting{"d", ""}));
  EXPECT_THAT(*parse_options("-c a=b\\"), ElementsAre(Setting{"a", "b"}));
  EXPECT_THAT(*parse_options("   "), IsEmpty());
  EXPECT_THAT(*parse_options("-c -c=x"), ElementsAre(Setting{"_c", "x"}));
}

TEST(Options, NameWhatIsNotASetting) {
  for (const auto* text : {"-B 100", "-D /tmp", "-r file", "-e", "-ec a=b", "-W10", "postgres", "-", "\\", "-- a", "-c", "-c a",
                           "--role", "-c =x", "-c a=b -P", "-d5"}) {
    const auto settings = parse_options(text);
    ASSERT_FALSE(settings.ok()) << text;
    EXPECT_EQ(settings.error().code, Code::unsupported);
  }
  EXPECT_THAT(parse_options("-c a=b -B 100").error().detail, HasSubstr("\"-B\""));
  EXPECT_THAT(parse_options("-D\x1b").error().detail, HasSubstr("\\u{1b}"));
}

TEST(Settings, ComeFromOptionsFirstAndParametersAfter) {
  StartupMessage message = with("DateStyle", "ISO");
  message.parameters.push_back({"options", "-c datestyle=German -c role=x"});
  message.parameters.push_back({"database", "orders"});
  message.parameters.push_back({"replication", "0"});
  message.parameters.push_back({"_pq_.x", "1"});
  EXPECT_THAT(*client_settings(message),
              ElementsAre(Setting{"datestyle", "German"}, Setting{"role", "x"}, Setting{"datestyle", "ISO"}));
}

TEST(Encodings, AreOnlySafeIfAsciiBytesMeanThemselves) {
  for (const auto* safe :
       {"UTF8", "utf-8", "Unicode", "SQL_ASCII", "LATIN1", "iso-8859-1", "WIN1252", "windows-1251", "EUC_JP", "KOI8-R"}) {
    EXPECT_TRUE(is_ascii_safe_encoding(safe)) << safe;
  }
  for (const auto* unsafe :
       {"SJIS", "shift_jis", "Shift_JIS_2004", "BIG5", "GBK", "UHC", "JOHAB", "GB18030", "mskanji", "win932", "", "x"}) {
    EXPECT_FALSE(is_ascii_safe_encoding(unsafe)) << unsafe;
  }
  EXPECT_TRUE(is_utf8_encoding("UTF-8"));
  EXPECT_FALSE(is_utf8_encoding("LATIN1"));
}

}  // namespace
}  // namespace narrowgate::postgres
