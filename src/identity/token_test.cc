// Every way a token can be wrong, each made with real keys.
#include "identity/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "identity/token_maker.h"

namespace narrowgate::identity {
namespace {

using testing::FakeIssuer;
using testing::make_hmac_token;
using testing::make_token;
using testing::make_token_text;
using testing::TestKey;

constexpr std::int64_t now = 1'795'348'800;  // FakeClock's
constexpr const char* idp = "https://idp.example/tenant";
constexpr const char* us = "https://narrowgate.example";

// Keys are slow to make: once for all tests.
struct Keys {
  TestKey rsa = TestKey::make("RS256"), es256 = TestKey::make("ES256"), es384 = TestKey::make("ES384"),
          ed = TestKey::make("EdDSA");
  TestKey strange = TestKey::make("RS256"), small = TestKey::make("RS256", 1024), strange_ec = TestKey::make("ES256");
};
const Keys& keys() {
  static const Keys made;
  return made;
}

class Token : public ::testing::Test {
 protected:
  Token() {
    issuer_.add(keys().rsa, "r1");
    issuer_.add(keys().es256, "e1");
    issuer_.add(keys().es384, "e2");
    issuer_.add(keys().ed, "d1");
    issuer_.add(keys().small, "small");
    issuer_.keys.push_back(json::object{{"kty", "oct"}, {"kid", "shared"}, {"k", "c2VjcmV0"}, {"alg", "HS256"}});
    auto encryption = keys().strange.jwk("enc");
    encryption["use"] = "enc";
    issuer_.keys.push_back(encryption);
    config::Issuer issuer;
    issuer.name = "idp";
    issuer.url = idp;
    issuer.audience = us;
    config_.issuers.push_back(issuer);
  }

  static json::object header(const char* alg = "RS256", const char* kid = "r1") {
    return {{"alg", alg}, {"kid", kid}, {"typ", "JWT"}};
  }
  static json::object claims() {
    return {{"iss", idp}, {"sub", "system:serviceaccount:agents:refund-bot"},
            {"aud", us},  {"iat", now},
            {"nbf", now}, {"exp", now + 300},
            {"jti", "j1"}};
  }
  static json::object claims(std::string_view name, json::value value) {
    auto out = claims();
    out[name] = std::move(value);
    return out;
  }
  static json::object without(std::string_view name) {
    auto out = claims();
    out.erase(name);
    return out;
  }
  static json::object header_with(std::string_view name, json::value value) {
    auto out = header();
    out[name] = std::move(value);
    return out;
  }
  static std::string signed_token(const json::object& c) { return make_token(header(), c, keys().rsa); }
  static std::string signed_token(const json::object& h, const json::object& c) { return make_token(h, c, keys().rsa); }

  // "" if it is accepted, else why not.
  std::string verdict(const std::string& token) {
    TokenVerifier verifier(config_, issuer_.fetch(), clock_);
    const auto verified = verifier.verify(token);
    return verified.ok() ? "" : to_string(verified.error());
  }
  config::Issuer& issuer() { return config_.issuers[0]; }

  FakeClock clock_;
  FakeIssuer issuer_{idp};
  config::Config config_;
};

TEST_F(Token, TheMatrix) {
  struct Row {
    const char* what;
    std::string token;
    const char* why;  // part of the refusal; "" for accepted
  };
  const auto good = signed_token(claims());
  const auto parts_of = [](const std::string& token) {
    const auto a = token.find('.'), b = token.rfind('.');
    return std::array<std::string, 3>{token.substr(0, a), token.substr(a + 1, b - a - 1), token.substr(b + 1)};
  };
  const auto [h, c, s] = parts_of(good);
  const auto [h2, c2, s2] = parts_of(signed_token(claims("sub", "admin")));
  auto flipped = s;
  flipped[10] = flipped[10] == 'A' ? 'B' : 'A';
  const auto encoded = [](std::string_view text) { return to_base64url(as_bytes(text)); };
  const auto hs = [](json::object with) { return with["alg"] = "HS256", with; };

  const std::vector<Row> rows = {
      // accepted
      {"RS256", good, ""},
      {"ES256", make_token(header("ES256", "e1"), claims(), keys().es256), ""},
      {"ES384", make_token(header("ES384", "e2"), claims(), keys().es384), ""},
      {"EdDSA", make_token(header("EdDSA", "d1"), claims(), keys().ed), ""},
      {"aud as a list of one", signed_token(claims("aud", json::array{us})), ""},
      {"without nbf", signed_token(without("nbf")), ""},
      {"without jti", signed_token(without("jti")), ""},
      {"without typ", signed_token({{"alg", "RS256"}, {"kid", "r1"}}, claims()), ""},
      {"typ at+jwt in full", signed_token(header_with("typ", "application/AT+JWT"), claims()), ""},
      {"expired within the leeway", signed_token([] {
         auto x = claims("exp", now - 29);
         x["iat"] = x["nbf"] = now - 300;
         return x;
       }()),
       ""},
      {"issued ahead within the leeway", signed_token([] {
         auto x = claims("iat", now + 29);
         x.erase("nbf");
         return x;
       }()),
       ""},
      {"lives exactly an hour", signed_token(claims("exp", now + 3600)), ""},
      {"dates with fractions",
       make_token_text(json::serialize(header()),
                       R"({"iss":"https://idp.example/tenant","sub":"x",)"
                       R"("aud":"https://narrowgate.example","iat":1795348800.5,"exp":1795349100.25})",
                       keys().rsa),
       ""},
      {"unknown claims", signed_token(claims("groups", json::array{"a"})), ""},
      // algorithms and signatures
      {"alg none, no signature", encoded(R"({"alg":"none"})") + "." + c + ".", "not signed"},
      {"alg none, signed", signed_token(header("none"), claims()), "algorithm \"none\""},
      {"alg None", signed_token(header("nOnE"), claims()), "algorithm \"nOnE\""},
      {"HS256 under the public key's PEM", make_hmac_token(hs(header()), claims(), keys().rsa.pem()), "algorithm \"HS256\""},
      {"HS256 under the published modulus", make_hmac_token(hs(header()), claims(), json::serialize(keys().rsa.jwk("r1"))),
       "algorithm \"HS256\""},
      {"HS256 under the published shared key", make_hmac_token(hs(header("HS256", "shared")), claims(), "secret"),
       "algorithm \"HS256\""},
      {"RS256 claimed, HMAC inside", make_hmac_token(header(), claims(), keys().rsa.pem()), "signature"},
      {"RS512, which is not on the list", signed_token(header("RS512"), claims()), "algorithm \"RS512\""},
      {"PS256, which is not on the list", signed_token(header("PS256"), claims()), "algorithm \"PS256\""},
      {"ES256 naming an RSA key", make_token(header("ES256", "r1"), claims(), keys().es256), "no ES256 key \"r1\""},
      {"RS256 naming an EC key", signed_token(header("RS256", "e1"), claims()), "no RS256 key \"e1\""},
      {"ES384 naming a P-256 key", make_token(header("ES384", "e1"), claims(), keys().es384), "no ES384 key \"e1\""},
      {"alg missing", signed_token({{"kid", "r1"}}, claims()), "algorithm \"\""},
      {"alg not text", signed_token(header_with("alg", 5), claims()), "header alg"},
      {"signed by a stranger", make_token(header(), claims(), keys().strange), "signature"},
      {"ES256 signed by a stranger", make_token(header("ES256", "e1"), claims(), keys().strange_ec), "signature"},
      {"one bit of the signature", h + "." + c + "." + flipped, "signature"},
      {"signature cut", h + "." + c + "." + s.substr(0, 100), "signature"},
      {"claims of another token", h + "." + c2 + "." + s, "signature"},
      {"header changed", encoded(R"({"alg":"RS256","kid":"r1"})") + "." + c + "." + s, "signature"},
      // keys
      {"unknown kid", signed_token(header("RS256", "r9"), claims()), "no RS256 key \"r9\""},
      {"a key for encryption", make_token(header("RS256", "enc"), claims(), keys().strange), "no RS256 key \"enc\""},
      {"a 1024-bit RSA key", make_token(header("RS256", "small"), claims(), keys().small), "no RS256 key \"small\""},
      {"kid not text", signed_token(header_with("kid", json::array{"r1"}), claims()), "header kid"},
      {"kid with a path in it", signed_token(header("RS256", "../../etc/passwd"), claims()), "no RS256 key"},
      {"brings a key URL (jku)", signed_token(header_with("jku", "https://evil.example/keys"), claims()), "header jku"},
      {"brings a certificate URL (x5u)", signed_token(header_with("x5u", "https://evil.example/c"), claims()), "header x5u"},
      {"brings its own key (jwk)", make_token(header_with("jwk", keys().strange.jwk("r1")), claims(), keys().strange),
       "header jwk"},
      {"brings its own certificate (x5c)", signed_token(header_with("x5c", json::array{"MII"}), claims()), "header x5c"},
      {"asks to be understood (crit)", signed_token(header_with("crit", json::array{"exp"}), claims()), "header crit"},
      {"unencoded payload (b64)", signed_token(header_with("b64", false), claims()), "header b64"},
      {"wrong typ", signed_token(header_with("typ", "txntoken+jwt"), claims()), "typ \"txntoken+jwt\""},
      // issuer and audience
      {"another issuer", signed_token(claims("iss", "https://evil.example")),
       "issuer \"https://evil.example\" is not configured"},
      {"the issuer with a slash", signed_token(claims("iss", json::string(std::string(idp) + "/"))), "is not configured"},
      {"without iss", signed_token(without("iss")), "is not configured"},
      {"iss as a list", signed_token(claims("iss", json::array{idp})), "is not configured"},
      {"another audience", signed_token(claims("aud", "https://other.example")), "aud is not"},
      {"the audience as a prefix", signed_token(claims("aud", json::string(std::string(us) + ".evil.example"))), "aud is not"},
      {"an extra audience", signed_token(claims("aud", json::array{us, "https://other.example"})), "aud also names"},
      {"without aud", signed_token(without("aud")), "aud is neither"},
      {"aud as a number", signed_token(claims("aud", 7)), "aud is neither"},
      {"aud with a number inside", signed_token(claims("aud", json::array{us, 7})), "not text"},
      {"aud empty", signed_token(claims("aud", json::array{})), "aud is not"},
      // times
      {"expired", signed_token([] {
         auto x = claims("exp", now - 31);
         x["iat"] = x["nbf"] = now - 300;
         return x;
       }()),
       "expired 31 s ago"},
      {"not valid yet", signed_token(claims("nbf", now + 31)), "nbf"},
      {"issued in the future", signed_token([] {
         auto x = claims("iat", now + 31);
         x.erase("nbf");
         return x;
       }()),
       "in the future"},
      {"lives too long", signed_token(claims("exp", now + 3601)), "it lives 3601 s"},
      {"without exp", signed_token(without("exp")), "exp and iat"},
      {"without iat", signed_token(without("iat")), "exp and iat"},
      {"exp as text", signed_token(claims("exp", "9999999999")), "exp and iat"},
      {"exp beyond every date", signed_token(claims("exp", 1e300)), "exp and iat"},
      {"exp negative", signed_token(claims("exp", -5)), "exp and iat"},
      {"expires before it was issued", signed_token(claims("exp", now - 10)), "before it was issued"},
      {"nbf as text", signed_token(claims("nbf", "soon")), "nbf is not a date"},
      // subject and shape
      {"without sub", signed_token(without("sub")), "sub is missing"},
      {"sub as a number", signed_token(claims("sub", 7)), "sub is not"},
      {"sub without end", signed_token(claims("sub", json::string(1001, 'x'))), "sub is not"},
      {"a claim twice",
       make_token_text(json::serialize(header()), R"({"iss":"https://idp.example/tenant","sub":"a","sub":"b"})", keys().rsa),
       "payload is not JSON"},
      {"alg twice", make_token_text(R"({"alg":"RS256","alg":"none","kid":"r1"})", json::serialize(claims()), keys().rsa),
       "header is not JSON"},
      {"payload not an object", make_token_text(json::serialize(header()), "[]", keys().rsa), "payload is not an object"},
      {"payload nested without end", make_token_text(json::serialize(header()), std::string(5000, '['), keys().rsa),
       "payload is not JSON"},
      {"two parts", h + "." + c, "three parts"},
      {"four parts", good + ".x", "three parts"},
      {"padded", h + "=." + c + "." + s, "base64url"},
      {"with a line end", good + "\n", "signature"},
      {"longer than 16 KiB", signed_token(claims("x", json::string(17'000, 'x'))), "longer than 16 KiB"},
      {"empty", "", "three parts"},
      {"a GitHub pull request", signed_token(claims("event_name", "pull_request_target")), "event_name is pull_request_target"},
  };
  EXPECT_GE(rows.size(), 40u);
  for (const auto& row : rows) {
    const auto why = verdict(row.token);
    if (*row.why == 0) EXPECT_EQ(why, "") << row.what;
    else EXPECT_THAT(why, ::testing::AllOf(::testing::HasSubstr("refused (client)"), ::testing::HasSubstr(row.why))) << row.what;
  }
}

TEST_F(Token, NoPrefixOrSingleChangeOfAGoodTokenPasses) {
  const auto good = make_token(header("EdDSA", "d1"), claims(), keys().ed);
  TokenVerifier verifier(config_, issuer_.fetch(), clock_);
  ASSERT_TRUE(verifier.verify(good).ok());
  for (std::size_t i = 0; i < good.size(); ++i) EXPECT_FALSE(verifier.verify(good.substr(0, i)).ok()) << i;
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifier.verify(changed).ok()) << i;
  }
}

TEST_F(Token, AnExtraAudienceMayBeConfigured) {
  issuer().other_audiences = {"https://other.example"};
  EXPECT_EQ(verdict(signed_token(claims("aud", json::array{us, "https://other.example"}))), "");
  EXPECT_NE(verdict(signed_token(claims("aud", json::array{"https://other.example"}))), "");
}

TEST_F(Token, AnAlgorithmCanBeTakenAway) {
  issuer().algorithms = {"ES256"};
  EXPECT_THAT(verdict(signed_token(claims())), ::testing::HasSubstr("not among its algorithms"));
}

TEST_F(Token, RequiredClaimsMustBeThere) {
  issuer().claims = {{"/https:~1~1sts.amazonaws.com~1/org_id", "o-abc1234567"}};
  EXPECT_THAT(verdict(signed_token(claims())), ::testing::HasSubstr("not the one that is required"));
  EXPECT_EQ(verdict(signed_token(claims("https://sts.amazonaws.com/", json::object{{"org_id", "o-abc1234567"}}))), "");
}

TEST_F(Token, PullRequestsPassOnlyWhereAllowed) {
  issuer().pull_requests = config::PullRequests::allow;
  EXPECT_EQ(verdict(signed_token(claims("event_name", "pull_request"))), "");
}

TEST_F(Token, AShorterLifetimeCanBeAskedFor) {
  issuer().max_lifetime = std::chrono::seconds(60);
  EXPECT_THAT(verdict(signed_token(claims())), ::testing::HasSubstr("it lives 300 s, and max_lifetime is 60 s"));
}

TEST_F(Token, ASingleUseTokenIsAcceptedOnce) {
  issuer().tokens = config::TokenUse::once;
  TokenVerifier verifier(config_, issuer_.fetch(), clock_);
  const auto token = signed_token(claims());
  EXPECT_TRUE(verifier.verify(token).ok());
  const auto again = verifier.verify(token);
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().detail, ::testing::HasSubstr("used before"));
  EXPECT_FALSE(verifier.verify(signed_token(claims("exp", now + 299))).ok()) << "the same jti, freshly signed";
  EXPECT_TRUE(verifier.verify(signed_token(claims("jti", "j2"))).ok());
  EXPECT_FALSE(verifier.verify(signed_token(without("jti"))).ok());
}

TEST_F(Token, AForgedTokenDoesNotUseUpAJti) {
  issuer().tokens = config::TokenUse::once;
  TokenVerifier verifier(config_, issuer_.fetch(), clock_);
  EXPECT_FALSE(verifier.verify(make_token(header(), claims(), keys().strange)).ok());
  EXPECT_TRUE(verifier.verify(signed_token(claims())).ok());
}

TEST_F(Token, AnExpiredTokenCausesNoFetch) {
  EXPECT_NE(verdict(signed_token(claims("exp", now - 100))), "");
  EXPECT_EQ(issuer_.discoveries + issuer_.key_fetches, 0);
}

TEST(ReplayCache, ForgetsWhatHasExpiredAndRefusesWhenFull) {
  ReplayCache cache;
  const WallTime start{std::chrono::seconds(1000)};
  for (std::size_t i = 0; i < replays_remembered_max; ++i)
    ASSERT_TRUE(*cache.first_use("i", std::to_string(i), start + std::chrono::seconds(60), start));
  const auto full = cache.first_use("i", "one more", start + std::chrono::seconds(60), start);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, Code::unavailable);
  EXPECT_FALSE(*cache.first_use("i", "7", start + std::chrono::seconds(60), start));
  EXPECT_TRUE(*cache.first_use("i", "one more", start + std::chrono::seconds(120), start + std::chrono::seconds(60)));
  EXPECT_TRUE(*cache.first_use("other", "one more", start + std::chrono::seconds(120), start + std::chrono::seconds(60)));
}

}  // namespace
}  // namespace narrowgate::identity
