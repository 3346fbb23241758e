#include "identity/key.h"

#include <gtest/gtest.h>

#include "identity/token_maker.h"

namespace narrowgate::identity {
namespace {

const WallTime start{std::chrono::seconds(1000)};

// A client's side of SCRAM: ClientKey XOR HMAC(StoredKey, AuthMessage).
Bytes proof_of(std::string_view password, const ScramVerifier& offered, std::string_view auth_message) {
  const Digest salted = pbkdf2_sha256(password, offered.salt, offered.iterations);
  const Digest client = hmac_sha256(salted, as_bytes("Client Key"));
  const Digest signature = hmac_sha256(sha256(ByteView(client)), as_bytes(auth_message));
  Bytes out(client.begin(), client.end());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= signature[i];
  return out;
}

TEST(Scram, AgreesWithTheExampleOfRfc7677) {
  const auto salt = *from_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
  const std::string auth_message =
      "n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const auto verifier = derive_scram("pencil", salt);
  const auto signature = check_scram(verifier, auth_message, *from_base64("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
  ASSERT_TRUE(signature);
  EXPECT_EQ(to_base64(*signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(Scram, RefusesEveryOtherProof) {
  const auto verifier = derive_scram("pencil", Bytes(16, 1));
  auto proof = proof_of("pencil", verifier, "m");
  EXPECT_TRUE(check_scram(verifier, "m", proof));
  EXPECT_FALSE(check_scram(verifier, "n", proof));
  EXPECT_FALSE(check_scram(verifier, "m", proof_of("pencils", verifier, "m")));
  EXPECT_FALSE(check_scram(verifier, "m", {}));
  EXPECT_FALSE(check_scram(verifier, "m", ByteView(proof).first(31)));
  for (auto& byte : proof) {
    byte ^= 1;
    EXPECT_FALSE(check_scram(verifier, "m", proof));
    byte ^= 1;
  }
}

TEST(Key, IsShownOnceAndKeptAsDigests) {
  MemoryKeyStore store;
  const auto key = enrol_key(store, "refund-bot", start, std::nullopt);
  ASSERT_TRUE(key.ok());
  const auto& text = key->text.expose();
  EXPECT_TRUE(text.starts_with("ngk_"));
  EXPECT_EQ(key_id_of(text), key->record.id);
  EXPECT_EQ(key->record.sha256, sha256(text));
  EXPECT_EQ(key->record.scram, derive_scram(text, salt_of_agent(*store.salt_seed(), "refund-bot")));
  const auto kept = store.find(key->record.id);
  ASSERT_TRUE(kept.ok() && *kept);
  EXPECT_EQ((*kept)->agent, "refund-bot");
}

TEST(Key, TwoKeysOfOneAgentDifferAndShareTheSalt) {
  MemoryKeyStore store;
  const auto a = enrol_key(store, "refund-bot", start, std::nullopt), b = enrol_key(store, "refund-bot", start, std::nullopt);
  EXPECT_NE(a->text.expose(), b->text.expose());
  EXPECT_NE(a->record.id, b->record.id);
  EXPECT_EQ(a->record.scram.salt, b->record.scram.salt);
  EXPECT_NE(a->record.scram.salt, enrol_key(store, "report", start, std::nullopt)->record.scram.salt);
}

TEST(Key, LivesUntilRevokedOrExpired) {
  MemoryKeyStore store;
  const auto key = enrol_key(store, "a", start, start + std::chrono::hours(1));
  EXPECT_TRUE(key->record.live(start));
  EXPECT_FALSE(key->record.live(start + std::chrono::hours(1)));
  ASSERT_TRUE(store.revoke(key->record.id, start).ok());
  ASSERT_TRUE(store.revoke(key->record.id, start + std::chrono::hours(2)).ok());
  const auto revoked = **store.find(key->record.id);
  EXPECT_FALSE(revoked.live(start));
  EXPECT_EQ(revoked.revoked, start);
  EXPECT_EQ(store.revoke("0000000000000000", start).error().code, Code::not_found);
}

TEST(Key, AnAgentHasABoundedNumberOfLiveKeys) {
  MemoryKeyStore store;
  std::string first;
  for (std::size_t i = 0; i < keys_per_agent_max; ++i) {
    const auto key = enrol_key(store, "a", start, std::nullopt);
    ASSERT_TRUE(key.ok());
    if (first.empty()) first = key->record.id;
  }
  EXPECT_EQ(enrol_key(store, "a", start, std::nullopt).error().code, Code::conflict);
  EXPECT_TRUE(enrol_key(store, "b", start, std::nullopt).ok());
  ASSERT_TRUE(store.revoke(first, start).ok());
  EXPECT_TRUE(enrol_key(store, "a", start, std::nullopt).ok());
}

TEST(Key, OnlyWellFormedTextHasAnId) {
  MemoryKeyStore store;
  const auto text = enrol_key(store, "a", start, std::nullopt)->text.expose();
  ASSERT_TRUE(key_id_of(text));
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(key_id_of(text.substr(0, i))) << i;
  EXPECT_FALSE(key_id_of(text + "x"));
  EXPECT_FALSE(key_id_of("NGK" + text.substr(3)));
  auto bad = text;
  bad[5] = 'G';
  EXPECT_FALSE(key_id_of(bad));
  bad = text;
  bad[30] = '\n';
  EXPECT_FALSE(key_id_of(bad));
}

}  // namespace
}  // namespace narrowgate::identity
