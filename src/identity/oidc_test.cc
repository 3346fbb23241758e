#include "identity/oidc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <thread>

#include "identity/token_maker.h"

namespace narrowgate::identity {
namespace {

using testing::FakeIssuer;
using ::testing::HasSubstr;
using testing::TestKey;
using namespace std::chrono_literals;

class Oidc : public ::testing::Test {
 protected:
  Oidc() { issuer.add(TestKey::make("ES256"), "k1"); }
  IssuerKeys issuer_keys() { return IssuerKeys("https://idp.example/tenant", "", issuer.fetch(), clock); }
  FakeIssuer issuer;
  FakeClock clock;
};

TEST_F(Oidc, FindsKeysThroughTheDiscoveryDocumentAndKeepsThemTenMinutes) {
  auto keys = issuer_keys();
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
  clock.pass(10min - 1s);
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
  EXPECT_EQ(issuer.discoveries, 1);
  EXPECT_EQ(issuer.key_fetches, 1);
  clock.pass(1s);
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
  EXPECT_EQ(issuer.key_fetches, 2);
}

TEST_F(Oidc, AConfiguredKeyUrlNeedsNoDiscovery) {
  IssuerKeys keys("https://idp.example/tenant", "https://idp.example/keys", issuer.fetch(), clock);
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
  EXPECT_EQ(issuer.discoveries, 0);
}

TEST_F(Oidc, ANewKeyIsFoundAtOnceAndStrangersFetchOncePerThirtySeconds) {
  auto keys = issuer_keys();
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
  clock.pass(31s);
  issuer.add(TestKey::make("ES256"), "k2");
  EXPECT_TRUE(keys.key("k2", "ES256").ok());
  EXPECT_EQ(issuer.key_fetches, 2);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(keys.key("unknown", "ES256").ok());
  EXPECT_EQ(issuer.key_fetches, 2);
  clock.pass(30s);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(keys.key("unknown", "ES256").ok());
  EXPECT_EQ(issuer.key_fetches, 3);
}

TEST_F(Oidc, OldKeysServeWhileTheIssuerIsDownButNotForever) {
  auto keys = issuer_keys();
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
  issuer.down = true;
  clock.pass(59min);
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
  clock.pass(1min);
  const auto refused = keys.key("k1", "ES256");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().detail, HasSubstr("connection refused"));
  issuer.down = false;
  clock.pass(30s);
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
}

TEST_F(Oidc, AnIssuerThatIsDownIsAskedOncePerThirtySeconds) {
  issuer.down = true;
  int asked = 0;
  IssuerKeys keys("https://idp.example/tenant", "", [&](const std::string& url) { return ++asked, issuer.fetch()(url); }, clock);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(keys.key("k1", "ES256").ok());
  EXPECT_EQ(asked, 1);
}

TEST_F(Oidc, AKeyTakenBackIsGoneAfterTheNextFetch) {
  auto keys = issuer_keys();
  EXPECT_TRUE(keys.key("k1", "ES256").ok());
  issuer.keys.clear();
  issuer.add(TestKey::make("ES256"), "k2");
  clock.pass(10min);
  EXPECT_FALSE(keys.key("k1", "ES256").ok());
}

TEST_F(Oidc, ManyAtOnceCauseOneFetch) {
  auto keys = issuer_keys();
  issuer.during_fetch = [] { std::this_thread::sleep_for(50ms); };
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { good += keys.key("k1", "ES256").ok(); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(issuer.key_fetches, 1);
}

TEST_F(Oidc, ADiscoveryDocumentOfAnotherIssuerIsRefused) {
  issuer.discovery_issuer = "https://evil.example";
  auto keys = issuer_keys();
  const auto refused = keys.key("k1", "ES256");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().detail, HasSubstr("names another issuer"));
  EXPECT_EQ(issuer.key_fetches, 0);
}

TEST_F(Oidc, KeysOverPlainHttpAreNotFetched) {
  issuer.jwks_uri = "http://idp.example/keys";
  auto keys = issuer_keys();
  const auto refused = keys.key("k1", "ES256");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().detail, HasSubstr("plain http to another machine"));
  EXPECT_EQ(issuer.key_fetches, 0);
}

TEST_F(Oidc, ATokenWithoutKidIsFineOnlyWhileOneKeyFits) {
  auto keys = issuer_keys();
  EXPECT_TRUE(keys.key("", "ES256").ok());
  EXPECT_FALSE(keys.key("", "RS256").ok());
  clock.pass(10min);
  issuer.add(TestKey::make("ES256"), "k2");
  const auto refused = keys.key("", "ES256");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().detail, HasSubstr("several keys fit"));
}

TEST(IssuerUrl, HttpsOrLoopbackWithoutTricks) {
  for (const auto* good :
       {"https://idp.example", "https://idp.example:8443/a/b", "http://127.0.0.1:8080/x", "http://localhost", "http://[::1]:99/"})
    EXPECT_TRUE(check_issuer_url(good).ok()) << good;
  for (const auto* bad : {"", "https://", "http://idp.example", "ftp://idp.example", "file:///etc/passwd",
                          "http://127.0.0.1.evil.example", "http://localhost@evil.example", "https://user@idp.example",
                          "https://idp.example/#x", "https://idp.example/\r\nHost: x", "http://[::1", "HTTP://127.0.0.1"})
    EXPECT_FALSE(check_issuer_url(bad).ok()) << bad;
}

TEST(Jwks, IsBoundedAndStrict) {
  EXPECT_FALSE(parse_jwks("").ok());
  EXPECT_FALSE(parse_jwks("[]").ok());
  EXPECT_FALSE(parse_jwks("{}").ok());
  EXPECT_FALSE(parse_jwks(R"({"keys":[],"keys":[]})").ok());
  EXPECT_FALSE(parse_jwks(std::string(jwks_bytes_max + 1, ' ')).ok());
  json::array many;
  for (std::size_t i = 0; i <= jwks_keys_max; ++i) many.push_back(json::object{{"kty", "EC"}});
  EXPECT_FALSE(parse_jwks(json::serialize(json::object{{"keys", many}})).ok());
}

TEST(Jwks, LeavesOutWhatCannotVerifyAndForgetsPrivateParts) {
  auto exposed = TestKey::make("EdDSA").jwk("a");
  exposed["d"] = "private";
  const json::array keys = {exposed,
                            json::object{{"kty", "oct"}, {"k", "x"}},
                            json::object{{"kty", "EC"}, {"crv", "P-256"}, {"use", "enc"}},
                            json::object{{"kty", "EC"}, {"crv", "P-256"}, {"key_ops", json::array{"sign"}}},
                            json::object{{"kty", "RSA"}, {"n", "AQAB"}, {"e", "AQAB"}},
                            "nonsense"};
  const auto parsed = parse_jwks(json::serialize(json::object{{"keys", keys}}));
  ASSERT_TRUE(parsed.ok());
  ASSERT_EQ(parsed->size(), 1u);
  EXPECT_EQ((*parsed)[0].kid, "a");
  EXPECT_THAT((*parsed)[0].text, ::testing::Not(HasSubstr("private")));
}

}  // namespace
}  // namespace narrowgate::identity
