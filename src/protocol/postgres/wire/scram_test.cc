#include "protocol/postgres/wire/scram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace narrowgate::postgres {
namespace {

using ::testing::HasSubstr;

const SecretString pencil(std::string("pencil"));

ScramVerifier rfc_verifier() { return *make_verifier(pencil, 4096, *from_base64("W22ZaJ0SNY7soEsUEjb6gQ==")); }

// RFC 7677 §3
constexpr std::string_view client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view server_first =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view client_final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramServer rfc_server() { return {rfc_verifier(), scram_sha_256, {}, std::string(server_nonce)}; }

Result<Done> log_in(ScramServer server, ScramClient client) {
  NG_TRY(const std::string first, server.first(client.first()));
  NG_TRY(const std::string reply, client.answer(first));
  NG_TRY(const std::string last, server.finish(reply));
  NG_TRY_VOID(client.verify(last));
  EXPECT_TRUE(client.verified());
  return Done{};
}

ScramClient client_with(std::string password, Bytes end_point = {}, bool plus = false) {
  return *ScramClient::create(SecretString(std::move(password)), std::move(end_point), plus);
}

TEST(ScramServer, GivesTheVectorOfRfc7677) {
  ScramServer server = rfc_server();
  EXPECT_EQ(*server.first(client_first), server_first);
  EXPECT_EQ(*server.finish(client_final), server_final);
}

TEST(ScramServer, RefusesAWrongProofAndAWrongNonce) {
  const auto finish = [](std::string text) {
    ScramServer server = rfc_server();
    EXPECT_TRUE(server.first(client_first).ok());
    return server.finish(text);
  };
  std::string wrong_proof(client_final), wrong_nonce(client_final), wrong_binding(client_final);
  wrong_proof[wrong_proof.find("p=") + 2] = 'e';
  wrong_nonce[wrong_nonce.find("r=") + 2] = 'R';
  wrong_binding.replace(2, 4, "eSws");  // y,,
  EXPECT_EQ(finish(wrong_proof).error().code, Code::refused);
  EXPECT_EQ(finish(wrong_nonce).error().code, Code::refused);
  EXPECT_EQ(finish(wrong_binding).error().code, Code::refused);
}

TEST(ScramServer, LetsWhoeverHoldsTheKeysCheckTheProof) {
  const ScramVerifier verifier = rfc_verifier();
  std::string asked;
  ScramQuestion question{verifier.salt, verifier.iterations,
                         [&](std::string_view auth_message, ByteView) -> std::optional<Digest> {
                           asked = auth_message;
                           return std::nullopt;
                         }};
  ScramServer server(std::move(question), scram_sha_256, {}, std::string(server_nonce));
  EXPECT_EQ(*server.first(client_first), server_first);
  EXPECT_EQ(server.finish(client_final).error().code, Code::refused);
  EXPECT_EQ(asked, std::string(client_first.substr(3)) + "," + std::string(server_first) + "," +
                       std::string(client_final.substr(0, client_final.find(",p="))));
}

TEST(ScramServer, RefusesWhatIsNotScram) {
  for (const auto* first :
       {"", "n", "n,,", "n,,n=user", "n,,n=,r=", "n,,r=abc", "n,a=other,n=,r=abc", "n,,m=ext,n=,r=abc", "n,,n=,r=a,x=y",
        "p=tls-server-end-point,,n=,r=abc", "p=tls-unique,,n=,r=abc", "q,,n=,r=abc", "n,,n=,r=a\x01", "n,,n=,r=abc,"}) {
    EXPECT_EQ(rfc_server().first(first).error().code, Code::malformed) << first;
  }
  for (const auto* last :
       {"", "c=biws", "c=biws,r=x", "c=biws,r=x,p=", "c=biws,r=x,p=AAAA", "r=x,c=biws,p=AAAA", "c=biws,r=x,e=1,p=AAAA"}) {
    ScramServer server = rfc_server();
    EXPECT_TRUE(server.first(client_first).ok());
    EXPECT_EQ(server.finish(last).error().code, Code::malformed) << last;
  }
  EXPECT_FALSE(rfc_server().first("n,,n=,r=" + std::string(limits::scram_message_bytes_max, 'x')).ok());
}

TEST(Scram, LogsInWithTheRightPasswordOnly) {
  EXPECT_TRUE(log_in(rfc_server(), client_with("pencil")).ok());
  const auto wrong = log_in(rfc_server(), client_with("Pencil"));
  EXPECT_EQ(wrong.error().code, Code::refused);
  EXPECT_EQ(wrong.error().blame, Blame::client);
}

TEST(Scram, BindsToTheChannel) {
  const Bytes certificate(32, 7), other(32, 8);
  const auto server = [&] { return ScramServer(rfc_verifier(), scram_sha_256_plus, certificate); };
  EXPECT_TRUE(log_in(server(), client_with("pencil", certificate, true)).ok());
  EXPECT_EQ(log_in(server(), client_with("pencil", other, true)).error().code, Code::refused);
}

TEST(Scram, NoticesThatSomeoneTookChannelBindingOffTheList) {
  const Bytes certificate(32, 7);
  const auto stripped =
      log_in(ScramServer(rfc_verifier(), scram_sha_256, certificate), client_with("pencil", certificate, false));
  EXPECT_EQ(stripped.error().code, Code::refused);
  EXPECT_TRUE(log_in(rfc_server(), client_with("pencil", certificate, false)).ok());  // the server cannot bind at all
}

TEST(Scram, ChoosesPlusOnlyWhereThereIsAChannel) {
  EXPECT_EQ(client_with("x", Bytes(32), true).mechanism(), scram_sha_256_plus);
  EXPECT_EQ(client_with("x", Bytes(32), false).mechanism(), scram_sha_256);
  EXPECT_EQ(client_with("x", {}, true).mechanism(), scram_sha_256);
}

// ---- a server that lies

ScramClient fixed_client() { return *ScramClient::create(pencil, {}, false, nullptr, "abc"); }

TEST(ScramClient, RefusesANonceThatDoesNotExtendItsOwn) {
  for (const auto* first : {"r=abc,s=c2FsdA==,i=4096", "r=xyzabc,s=c2FsdA==,i=4096", "r=ab,s=c2FsdA==,i=4096"}) {
    EXPECT_EQ(fixed_client().answer(first).error().code, Code::refused) << first;
  }
}

TEST(ScramClient, RefusesIterationsOutsideItsLimits) {
  for (const auto* count : {"0", "1", "4095", "1000001", "2147483648", "4294971392"}) {
    const auto answer = fixed_client().answer(std::string("r=abcd,s=c2FsdA==,i=") + count);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, Code::refused) << count;
    EXPECT_THAT(answer.error().detail, HasSubstr("iterations"));
  }
  EXPECT_FALSE(fixed_client().answer("r=abcd,s=c2FsdA==,i=99999999999999999999").ok());
  EXPECT_FALSE(fixed_client().answer("r=abcd,s=c2FsdA==,i=-4096").ok());
}

TEST(ScramClient, RefusesWhatIsNotScram) {
  for (const auto* first : {"", "r=abcd", "r=abcd,s=,i=4096", "r=abcd,s=!,i=4096", "r=abcd,s=c2FsdA==",
                            "m=x,r=abcd,s=c2FsdA==,i=4096", "r=abcd,s=c2FsdA==,i=4096,x=y", "e=other-error"}) {
    EXPECT_FALSE(fixed_client().answer(first).ok()) << first;
  }
}

TEST(ScramClient, BelievesOnlyAServerThatKnowsTheVerifier) {
  ScramServer server = rfc_server();
  ScramClient client = client_with("pencil");
  ASSERT_TRUE(client.answer(*server.first(client.first())).ok());
  const auto answer = client.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(answer.error().code, Code::refused);
  EXPECT_FALSE(client.verified());
}

TEST(ScramClient, PassesOnWhyTheServerRefuses) {
  ScramServer server = rfc_server();
  ScramClient client = client_with("pencil");
  ASSERT_TRUE(client.answer(*server.first(client.first())).ok());
  EXPECT_THAT(client.verify("e=invalid-proof\x1b").error().detail, HasSubstr("invalid-proof\\u{1b}"));
}

// ---- verifiers

TEST(ScramVerifier, IsSpelledAsPostgresSpellsIt) {
  const ScramVerifier verifier = rfc_verifier();
  const std::string text = verifier.to_text();
  EXPECT_EQ(text,
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
            "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  EXPECT_EQ(ScramVerifier::parse(text)->to_text(), text);
}

TEST(ScramVerifier, IsRefusedWhenItCannotBeRead) {
  for (const auto* text : {"", "SCRAM-SHA-256", "md5abc", "SCRAM-SHA-256$4096:$a:b", "SCRAM-SHA-256$x:c2FsdA==$a:b",
                           "SCRAM-SHA-256$4096:c2FsdA==$AAAA:AAAA",
                           "SCRAM-SHA-256$1:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
                           "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="}) {
    EXPECT_FALSE(ScramVerifier::parse(text).ok()) << text;
  }
}

TEST(ScramVerifier, OfAnUnknownUserLooksTheSameTwiceAndNeverVerifies) {
  const Bytes secret(32, 1), other_secret(32, 2);
  EXPECT_EQ(mock_verifier(secret, "nobody").to_text(), mock_verifier(secret, "nobody").to_text());
  EXPECT_NE(mock_verifier(secret, "nobody").salt, mock_verifier(secret, "noone").salt);
  EXPECT_NE(mock_verifier(secret, "nobody").salt, mock_verifier(other_secret, "nobody").salt);
  EXPECT_EQ(mock_verifier(secret, "nobody").salt.size(), make_verifier(pencil)->salt.size());
  ScramVerifier stolen = rfc_verifier();
  stolen.mock = true;
  EXPECT_EQ(log_in(ScramServer(stolen, scram_sha_256, {}), client_with("pencil")).error().code, Code::refused);
  EXPECT_EQ(log_in(ScramServer(mock_verifier(secret, "x"), scram_sha_256, {}), client_with("pencil")).error().detail,
            log_in(rfc_server(), client_with("wrong")).error().detail);
}

TEST(ScramVerifier, IsNotMadeFromAPasswordWeCannotPrepare) {
  EXPECT_EQ(make_verifier(SecretString(std::string("pass\xC3\xA9"))).error().code, Code::unsupported);
  EXPECT_EQ(make_verifier(SecretString()).error().code, Code::refused);
  EXPECT_EQ(ScramClient::create(SecretString(std::string("\xFF")), {}, false).error().code, Code::unsupported);
}

TEST(ScramMemory, GivesWhatDerivingGivesAndKeepsPasswordsSaltsAndCountsApart) {
  ScramMemory memory;
  const Bytes salt = *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), other_salt(16, 7);
  const auto same = [](const ScramKeys& a, const ScramKeys& b) {
    return a.client == b.client && a.stored == b.stored && a.server == b.server;
  };
  const ScramKeys derived = derive_scram_keys(pencil, salt, 4096);
  EXPECT_TRUE(same(memory.keys(pencil, salt, 4096), derived));
  EXPECT_TRUE(same(memory.keys(pencil, salt, 4096), derived));
  EXPECT_EQ(memory.size(), 1u);
  EXPECT_FALSE(same(memory.keys(pencil, other_salt, 4096), derived));
  EXPECT_FALSE(same(memory.keys(pencil, salt, 4097), derived));
  EXPECT_FALSE(same(memory.keys(SecretString(std::string("pen")), salt, 4096), derived));
  EXPECT_EQ(memory.size(), 4u);
}

TEST(ScramMemory, ForgetsWhatWasNotUsedForLongest) {
  ScramMemory memory;
  for (std::size_t i = 0; i < limits::scram_keys_remembered_max + 3; ++i) memory.keys(pencil, Bytes(1, Byte(i)), 1);
  EXPECT_EQ(memory.size(), limits::scram_keys_remembered_max);
}

TEST(ScramClient, LogsInTwiceWithOneMemory) {
  ScramMemory memory;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(log_in({rfc_verifier(), scram_sha_256, {}}, *ScramClient::create(pencil, {}, false, &memory)).ok());
  }
  EXPECT_EQ(memory.size(), 1u);
}

}  // namespace
}  // namespace narrowgate::postgres
