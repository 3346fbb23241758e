#include "protocol/postgres/wire/upstream_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "protocol/postgres/wire/messages_answer.h"
#include "protocol/postgres/wire/wire_cases.h"

namespace narrowgate::postgres {
namespace {

using ::testing::HasSubstr;

const SecretString pencil(std::string("pencil"));

UpstreamLoginOptions options() {
  UpstreamLoginOptions out;
  out.user = "narrowgate_orders_ro";
  out.database = "orders";
  out.settings = {{"application_name", "narrowgate:tsk_1"}};
  out.password = pencil;
  out.encrypted = true;
  return out;
}

UpstreamLogin login(UpstreamLoginOptions with = options()) { return *UpstreamLogin::create(std::move(with)); }

const Bytes ok = message('R', "\0\0\0\0"_bytes);
const Bytes clear = message('R', "\0\0\0\3"_bytes);
const Bytes md5 = message('R', "\0\0\0\5salt"_bytes);
const Bytes ready = message('Z', "I"_bytes);
const Bytes welcome = ok +
                      message('S',
                              "server_version\0"
                              "16.4\0"_bytes) +
                      message('N', "SNOTICE\0C01000\0Mhello\0\0"_bytes) +
                      message('K',
                              "\0\0\0\x2A"
                              "keys"_bytes) +
                      ready;

// Everything the login does with `stream`: the last step, or the first error.
Result<LoginStep> run(UpstreamLogin& with, const Bytes& stream) {
  ByteView rest = stream;
  while (true) {
    NG_TRY(LoginStep step, with.next(rest));
    if (step.finished || step.used == 0 || !step.send.empty()) return step;
    rest = rest.subspan(step.used);
  }
}

void breaks(const Bytes& stream, Code code, std::string_view why, UpstreamLoginOptions with = options()) {
  UpstreamLogin one = login(std::move(with));
  const auto step = run(one, stream);
  ASSERT_FALSE(step.ok()) << why;
  EXPECT_EQ(step.error().code, code);
  EXPECT_THAT(step.error().detail, HasSubstr(why));
  EXPECT_FALSE(one.finished());
}

// An honest server's half of SCRAM, from what our login sends.
class HonestServer {
 public:
  explicit HonestServer(Bytes end_point = {}) : end_point_(std::move(end_point)) {}

  Bytes offer() const {
    Bytes out;
    const std::string_view mechanisms[] = {scram_sha_256_plus, scram_sha_256};
    answer::authentication_sasl(out, std::span(mechanisms).subspan(end_point_.empty() ? 1 : 0));
    return out;
  }
  Bytes first(const Bytes& sent) {
    const auto initial = frontend::decode_sasl_initial(ByteView(sent).subspan(5));
    scram_.emplace(*make_verifier(pencil, 4096, Bytes(16, 's')), initial->mechanism, end_point_);
    Bytes out;
    answer::authentication_sasl_continue(out, *scram_->first(*initial->data));
    return out;
  }
  Bytes last(const Bytes& sent) {
    Bytes out;
    answer::authentication_sasl_final(out, *scram_->finish(as_text(ByteView(sent).subspan(5))));
    return out;
  }

 private:
  Bytes end_point_;
  std::optional<ScramServer> scram_;
};

TEST(UpstreamLogin, SaysWhoItIs) {
  const auto packet = decode_startup(login().begin());
  const auto& startup = std::get<StartupMessage>(*packet);
  EXPECT_EQ(startup.minor, 0);
  EXPECT_EQ(startup.user(), "narrowgate_orders_ro");
  EXPECT_EQ(startup.database(), "orders");
  EXPECT_EQ(startup.find("application_name"), "narrowgate:tsk_1");
}

TEST(UpstreamLogin, RefusesNamesThatCannotBeSent) {
  const auto with = [](auto change) {
    UpstreamLoginOptions out = options();
    change(out);
    return UpstreamLogin::create(out).ok();
  };
  EXPECT_TRUE(with([](auto&) {}));
  EXPECT_FALSE(with([](auto& o) { o.user = ""; }));
  EXPECT_FALSE(with([](auto& o) { o.user = std::string("a\0b", 3); }));
  EXPECT_FALSE(with([](auto& o) { o.database = std::string(2'000, 'x'); }));
  EXPECT_FALSE(with([](auto& o) { o.settings = {{"", "x"}}; }));
  EXPECT_FALSE(with([](auto& o) { o.password = SecretString(std::string("a\0b", 3)); }));
  EXPECT_FALSE(with([](auto& o) { o.minor = 1; }));
}

TEST(UpstreamLogin, SendsATokenInClearInsideTls) {
  UpstreamLogin one = login();
  const auto step = run(one, clear);
  EXPECT_EQ(step->send, message('p', "pencil\0"_bytes));
  EXPECT_TRUE(run(one, welcome)->finished);
  const UpstreamSession session = one.take_session();
  EXPECT_EQ(session.server_version(), "16.4");
  EXPECT_EQ(session.process, 42);
  EXPECT_EQ(session.cancel_key, "keys"_bytes);
}

TEST(UpstreamLogin, ReadsTheSameAtEverySplit) {
  UpstreamLogin one = login();
  Bytes sent;
  bool finished = false;
  feed_bytewise(clear + welcome, [&](ByteView buffer) -> Result<std::size_t> {
    NG_TRY(const LoginStep step, one.next(buffer));
    sent = sent + step.send;
    finished = finished || step.finished;
    return step.used;
  });
  EXPECT_TRUE(finished);
  EXPECT_EQ(sent, message('p', "pencil\0"_bytes));
}

TEST(UpstreamLogin, LeavesWhatComesAfterReadyForQuery) {
  UpstreamLogin one = login();
  EXPECT_TRUE(run(one, clear).ok());
  const Bytes last = ready + "more"_bytes;
  Bytes stream = welcome;
  stream.resize(stream.size() - ready.size());
  EXPECT_TRUE(run(one, stream).ok());
  const auto step = one.next(last);
  EXPECT_TRUE(step->finished);
  EXPECT_EQ(step->used, ready.size());
}

TEST(UpstreamLogin, AnswersMd5AsPostgresCountsIt) {
  UpstreamLogin one = login();
  const std::string expected = "md5" + md5_hex(md5_hex("pencilnarrowgate_orders_ro") + "salt");
  EXPECT_EQ(run(one, md5)->send, message('p', Bytes(expected.begin(), expected.end()) + Bytes{0}));
}

TEST(UpstreamLogin, LogsInByScramWithAndWithoutChannelBinding) {
  for (const Bytes& end_point : {Bytes{}, Bytes(32, 9)}) {
    UpstreamLoginOptions with = options();
    with.scram_pinned = true;
    with.end_point = end_point;
    HonestServer server(end_point);
    UpstreamLogin one = login(std::move(with));
    const auto first = run(one, server.offer());
    EXPECT_EQ(frontend::decode_sasl_initial(ByteView(first->send).subspan(5))->mechanism,
              end_point.empty() ? scram_sha_256 : scram_sha_256_plus);
    const auto proof = run(one, server.first(first->send));
    EXPECT_TRUE(run(one, server.last(proof->send) + welcome)->finished);
  }
}

// ---- downgrades

TEST(UpstreamLogin, GivesNoPasswordAwayInClearWithoutTls) {
  UpstreamLoginOptions plain = options();
  plain.encrypted = false;
  breaks(clear, Code::refused, "not under TLS", plain);
  breaks(md5, Code::refused, "not under TLS", plain);
}

TEST(UpstreamLogin, TakesNothingButScramWhenScramIsPinned) {
  UpstreamLoginOptions pinned = options();
  pinned.scram_pinned = true;
  breaks(clear, Code::refused, "pinned", pinned);
  breaks(md5, Code::refused, "pinned", pinned);
  breaks(ok, Code::refused, "pinned", pinned);
}

TEST(UpstreamLogin, BelievesNoOkBeforeTheServerHasProvedItself) {
  HonestServer server;
  UpstreamLogin early = login();
  EXPECT_TRUE(run(early, server.offer()).ok());
  EXPECT_EQ(run(early, ok).error().code, Code::malformed);

  UpstreamLogin unproved = login();
  const auto first = run(unproved, server.offer());
  EXPECT_TRUE(run(unproved, server.first(first->send)).ok());
  EXPECT_EQ(run(unproved, ok).error().code, Code::malformed);

  UpstreamLogin forged = login();
  const auto again = run(forged, server.offer());
  EXPECT_TRUE(run(forged, server.first(again->send)).ok());
  EXPECT_EQ(run(forged, message('R', "\0\0\0\x0Cv=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="_bytes)).error().code,
            Code::refused);
}

TEST(UpstreamLogin, IsAskedOnceOnly) {
  HonestServer server;
  UpstreamLogin after_scram = login();
  EXPECT_TRUE(run(after_scram, server.offer()).ok());
  EXPECT_EQ(run(after_scram, clear).error().code, Code::malformed);
  UpstreamLogin after_clear = login();
  EXPECT_TRUE(run(after_clear, clear).ok());
  EXPECT_EQ(run(after_clear, md5).error().code, Code::malformed);
  breaks(ok + clear, Code::malformed, "after the login");
}

TEST(UpstreamLogin, DoesNoKerberosGssapiOrSspi) {
  for (const Byte kind : {2, 7, 9}) breaks(message('R', Bytes{0, 0, 0, kind}), Code::unsupported, "Kerberos");
  breaks(message('R', "\0\0\0\x08x"_bytes), Code::unsupported, "Kerberos");
  breaks(message('R', "\0\0\0\x0AOAUTHBEARER\0\0"_bytes), Code::unsupported, "no SCRAM-SHA-256");
  breaks(message('R', "\0\0\0\x0ASCRAM-SHA-256-PLUS\0\0"_bytes), Code::unsupported, "no SCRAM-SHA-256");
}

// ---- a server that misbehaves

TEST(UpstreamLogin, RefusesMessagesOutOfTurn) {
  breaks(message('S', "a\0b\0"_bytes), Code::malformed, "before the login");
  breaks(message('K', "\0\0\0\1keys"_bytes), Code::malformed, "before the login");
  breaks(ready, Code::malformed, "before the login");
  breaks(message('D', "\0\0"_bytes), Code::malformed, "0x44");
  breaks(message('R', "\0\0\0\x0Br=abc"_bytes), Code::malformed, "out of turn");
  breaks(message('R', "\0\0\0\x0Cv=abc"_bytes), Code::malformed, "out of turn");
  breaks(ok + message('Z', "T"_bytes), Code::malformed, "inside a transaction");
  breaks(ok + message('K', "\0\0\0\1keys"_bytes) + message('K', "\0\0\0\1keys"_bytes), Code::malformed, "second BackendKeyData");
  breaks(ok + message('K', "\0\0\0\1longer keys"_bytes), Code::malformed, "protocol 3.0");
}

TEST(UpstreamLogin, BoundsWhatComesBeforeReadyForQuery) {
  breaks(header('E', 0x7FFFFFFF), Code::too_large, "at most");
  breaks(header('R', limits::pg_login_body_max + 5), Code::too_large, "at most");
  Bytes endless = ok;
  for (std::size_t i = 0; i < 300; ++i) endless = endless + message('S', "a\0b\0"_bytes);
  breaks(endless, Code::malformed, "never ends");
  Bytes many = ok;
  for (Byte i = 1; i < 200; ++i) many = many + message('S', Bytes{'x', i, 0, 0});
  breaks(many, Code::malformed, "too many parameters");
}

TEST(UpstreamLogin, KeepsTheUpstreamsWordsWhenItRefuses) {
  UpstreamLogin one = login();
  const auto step = run(one, message('E', "SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\x1b\0\0"_bytes));
  ASSERT_FALSE(step.ok());
  EXPECT_EQ(step.error().code, Code::refused);
  EXPECT_EQ(step.error().blame, Blame::upstream);
  ASSERT_TRUE(one.refusal());
  EXPECT_EQ(one.refusal()->sqlstate, "28P01");
  EXPECT_EQ(one.refusal()->message, "password authentication failed\\u{1b}");
}

TEST(UpstreamLogin, NegotiatesOnlyWhatItAskedFor) {
  const Bytes down_to_0 = message('v', "\0\3\0\0\0\0\0\0"_bytes);
  breaks(down_to_0, Code::malformed, "nothing to negotiate");
  UpstreamLoginOptions newer = options();
  newer.minor = 2;
  breaks(message('v', "\0\3\0\3\0\0\0\0"_bytes), Code::malformed, "nothing to negotiate", newer);
  breaks(message('v', "\0\3\0\0\0\0\0\1_pq_.x\0"_bytes), Code::malformed, "nothing to negotiate", newer);
  breaks(down_to_0 + down_to_0, Code::malformed, "nothing to negotiate", newer);
  UpstreamLogin one = login(newer);
  EXPECT_TRUE(run(one, down_to_0 + clear).ok());
  EXPECT_TRUE(run(one, welcome)->finished);
  EXPECT_EQ(one.take_session().minor, 0);
}

TEST(UpstreamLogin, TakesALongCancelKeyUnderProtocol32) {
  UpstreamLoginOptions newer = options();
  newer.minor = 2;
  UpstreamLogin one = login(newer);
  EXPECT_TRUE(run(one, clear).ok());
  EXPECT_TRUE(run(one, ok + message('K', "\0\0\0\1"_bytes + Bytes(32, 'k')) + ready)->finished);
  const UpstreamSession session = one.take_session();
  EXPECT_EQ(session.cancel_key.size(), 32u);
  EXPECT_EQ(session.minor, 2);
}

TEST(TlsAnswer, IsOneByteThatSaysYes) {
  EXPECT_TRUE(check_tls_answer("S"_bytes).ok());
  EXPECT_EQ(check_tls_answer("S"
                             "E"_bytes)
                .error()
                .code,
            Code::malformed);
  EXPECT_EQ(check_tls_answer("N"_bytes).error().code, Code::refused);
  EXPECT_EQ(check_tls_answer("E\0\0\0\5"_bytes).error().code, Code::refused);
  EXPECT_EQ(check_tls_answer("H"_bytes).error().code, Code::malformed);
  EXPECT_EQ(check_tls_answer({}).error().code, Code::closed);
}

}  // namespace
}  // namespace narrowgate::postgres
