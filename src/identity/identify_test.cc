#include "identity/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "identity/token_maker.h"

namespace narrowgate::identity {
namespace {

using testing::FakeIssuer;
using ::testing::HasSubstr;
using testing::make_token;
using testing::TestKey;

constexpr std::int64_t now = 1'795'348'800;
constexpr const char* github = "https://token.actions.githubusercontent.com";
constexpr const char* cluster = "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE";
constexpr const char* account = "https://abc123.tokens.sts.global.api.aws";
constexpr const char* us = "https://narrowgate.example";

const TestKey& key() {
  static const auto made = TestKey::make("ES256");
  return made;
}

config::Issuer issuer(const char* name, const char* url) {
  config::Issuer out;
  out.name = name;
  out.url = url;
  out.audience = us;
  out.jwks_url = "https://idp.example/keys";
  return out;
}

class Identify : public ::testing::Test {
 protected:
  Identify() {
    fake_.add(key(), "k");
    config_->issuers = {issuer("github", github), issuer("cluster", cluster), issuer("account", account)};
    auto& bot = add("refund-bot");
    bot.owner = "olu";
    bot.key = SecretString("configured-key-0123456789");
    bot.identities = {{"github", "", {{"repository_id", "4419"}}},
                      {"cluster", "", {{"/kubernetes.io/serviceaccount/uid", "0c6f3a0e"}}},
                      {"account", "arn:aws:iam::111122223333:role/refund-bot", {}}};
    bot.certificates = {{"", "spiffe://acme.example/ns/agents/sa/refund-bot"}};
    add("report").certificates = {{fingerprint, ""}};
    add("gone").key = SecretString("another-configured-key-987");
    config_->agents.back().suspended = true;
    config_->agents.back().certificates = {{"sha256:" + std::string(64, 'f'), ""}};
  }
  config::Agent& add(const char* name) {
    config_->agents.emplace_back().name = name;
    return config_->agents.back();
  }
  Agents& agents() {
    if (!agents_) agents_ = std::move(Agents::create(config_, keys_, fake_.fetch(), clock_)).take();
    return *agents_;
  }
  static std::string token(const char* iss, json::object extra) {
    json::object claims{{"iss", iss}, {"sub", "someone"}, {"aud", us}, {"iat", now}, {"exp", now + 300}, {"jti", "j"}};
    for (auto& [name, value] : extra) claims[name] = value;
    return make_token({{"alg", "ES256"}, {"kid", "k"}}, claims, key());
  }
  template <class T>
  static std::string why(const Result<T>& result) {
    return result.ok() ? "accepted" : to_string(result.error());
  }

  const std::string fingerprint = "sha256:" + std::string(63, '0') + "1";
  FakeClock clock_;
  FakeIssuer fake_;
  MemoryKeyStore keys_;
  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  std::unique_ptr<Agents> agents_;
};

Bytes proof_of(std::string_view password, const ScramOffer& offer, std::string_view auth_message) {
  const Digest salted = pbkdf2_sha256(password, offer.salt, offer.iterations);
  const Digest client = hmac_sha256(salted, as_bytes("Client Key"));
  const Digest signature = hmac_sha256(sha256(ByteView(client)), as_bytes(auth_message));
  Bytes out(client.begin(), client.end());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= signature[i];
  return out;
}

TEST_F(Identify, AConfiguredKeyProvesItsAgent) {
  const auto agent = agents().by_text("refund-bot", SecretString("configured-key-0123456789"));
  ASSERT_TRUE(agent.ok()) << why(agent);
  EXPECT_EQ(agent->name, "refund-bot");
  EXPECT_EQ(agent->kind, Kind::enrolled_key);
  EXPECT_EQ(agent->assurance, Assurance::bearer);
  EXPECT_EQ(agent->owner, "olu");
  EXPECT_THAT(why(agents().by_text("report", SecretString("configured-key-0123456789"))),
              HasSubstr("belongs to agent refund-bot"));
  EXPECT_THAT(why(agents().by_text("refund-bot", SecretString("configured-key-012345678"))), HasSubstr("refused (client)"));
  EXPECT_THAT(why(agents().by_text("refund-bot", SecretString(""))), HasSubstr("refused (client)"));
}

TEST_F(Identify, AnEnrolledKeyWorksUntilRevoked) {
  const auto enrolled = enrol_key(keys_, "report", clock_.wall(), std::nullopt);
  ASSERT_TRUE(enrolled.ok());
  const auto agent = agents().by_key(enrolled->text);
  ASSERT_TRUE(agent.ok()) << why(agent);
  EXPECT_EQ(agent->name, "report");
  EXPECT_EQ(agent->subject, enrolled->record.id);
  ASSERT_TRUE(keys_.revoke(enrolled->record.id, clock_.wall()).ok());
  EXPECT_THAT(why(agents().by_key(enrolled->text)), HasSubstr("is revoked"));
}

TEST_F(Identify, AnEnrolledKeyExpires) {
  const auto enrolled = enrol_key(keys_, "report", clock_.wall(), clock_.wall() + std::chrono::minutes(1));
  EXPECT_TRUE(agents().by_key(enrolled->text).ok());
  clock_.pass(std::chrono::minutes(1));
  EXPECT_THAT(why(agents().by_key(enrolled->text)), HasSubstr("is expired"));
  EXPECT_FALSE(
      agents()
          .by_scram(agents().scram_offer("report"), "m", proof_of(enrolled->text.expose(), agents().scram_offer("report"), "m"))
          .ok());
}

TEST_F(Identify, AKeyWithTheRightIdAndAWrongSecretIsRefused) {
  const auto enrolled = enrol_key(keys_, "report", clock_.wall(), std::nullopt);
  auto text = enrolled->text.expose();
  text.back() = text.back() == 'A' ? 'Q' : 'A';
  EXPECT_THAT(why(agents().by_key(SecretString(text))), HasSubstr("does not exist, or its secret is wrong"));
}

TEST_F(Identify, ScramProvesAnyLiveKeyOfTheAgent) {
  const auto first = enrol_key(keys_, "refund-bot", clock_.wall(), std::nullopt);
  const auto second = enrol_key(keys_, "refund-bot", clock_.wall(), std::nullopt);
  const auto offer = agents().scram_offer("refund-bot");
  for (const auto& password : {std::string("configured-key-0123456789"), first->text.expose(), second->text.expose()}) {
    const auto accepted = agents().by_scram(offer, "auth message", proof_of(password, offer, "auth message"));
    ASSERT_TRUE(accepted.ok()) << why(accepted);
    EXPECT_EQ(accepted->agent.name, "refund-bot");
  }
  ASSERT_TRUE(keys_.revoke(first->record.id, clock_.wall()).ok());
  EXPECT_FALSE(agents().by_scram(offer, "m", proof_of(first->text.expose(), offer, "m")).ok());
  EXPECT_TRUE(agents().by_scram(offer, "m", proof_of(second->text.expose(), offer, "m")).ok());
  EXPECT_FALSE(agents().by_scram(offer, "m", proof_of("wrong", offer, "m")).ok());
}

TEST_F(Identify, AnUnknownAgentIsOfferedALoginThatNeverSucceeds) {
  EXPECT_EQ(agents().ask("stranger"), Ask::scram);
  const auto offer = agents().scram_offer("stranger");
  EXPECT_EQ(offer.salt, agents().scram_offer("stranger").salt) << "asking twice must look the same";
  EXPECT_NE(offer.salt, agents().scram_offer("strangers").salt);
  EXPECT_EQ(offer.salt.size(), agents().scram_offer("refund-bot").salt.size());
  EXPECT_FALSE(agents().by_scram(offer, "m", Bytes(32)).ok());
}

TEST_F(Identify, AnAgentWithTokensIsAskedForText) {
  EXPECT_EQ(agents().ask("refund-bot"), Ask::text);
  EXPECT_EQ(agents().ask("report"), Ask::scram);
}

TEST_F(Identify, ASuspendedAgentIsRefusedByEveryProof) {
  const auto enrolled = enrol_key(keys_, "gone", clock_.wall(), std::nullopt);
  const auto offer = agents().scram_offer("gone");
  EXPECT_THAT(why(agents().by_text("gone", SecretString("another-configured-key-987"))), HasSubstr("suspended"));
  EXPECT_THAT(why(agents().by_key(enrolled->text)), HasSubstr("suspended"));
  EXPECT_THAT(why(agents().by_scram(offer, "m", proof_of(enrolled->text.expose(), offer, "m"))), HasSubstr("suspended"));
  EXPECT_THAT(why(agents().by_certificate("", {"sha256:" + std::string(64, 'f'), {}})), HasSubstr("suspended"));
}

TEST_F(Identify, AGitHubTokenIsMatchedByItsImmutableId) {
  const auto text = token(github, {{"sub", "repo:acme/refunds:environment:prod"},
                                   {"repository_id", "4419"},
                                   {"run_id", "9123456789"},
                                   {"run_attempt", "2"},
                                   {"runner_environment", "github-hosted"}});
  const auto agent = agents().by_text("refund-bot", SecretString(text));
  ASSERT_TRUE(agent.ok()) << why(agent);
  EXPECT_EQ(agent->kind, Kind::github_actions);
  EXPECT_EQ(agent->instance, "run:9123456789/2");
  EXPECT_EQ(agent->claims_used.at("repository_id"), "4419");
  EXPECT_EQ(agent->claims_used.at("runner_environment"), "github-hosted");
  EXPECT_EQ(agent->token, (TokenFacts{"j", now, now + 300}));
  EXPECT_FALSE(agents().by_token("refund-bot", token(github, {{"repository_id", "4420"}})).ok());
  EXPECT_FALSE(agents().by_token("refund-bot", token(github, {})).ok());
  EXPECT_FALSE(agents().by_token("report", text).ok()) << "another agent's name";
}

TEST_F(Identify, ANumberInATokenMatchesItsSpelling) {
  EXPECT_TRUE(agents().by_token("", token(github, {{"repository_id", 4419}})).ok());
  EXPECT_FALSE(agents().by_token("", token(github, {{"repository_id", 4419.5}})).ok());
  EXPECT_FALSE(agents().by_token("", token(github, {{"repository_id", json::array{"4419"}}})).ok());
}

TEST_F(Identify, AServiceAccountIsMatchedByItsUid) {
  const auto in_pod = [](const char* uid) {
    return token(cluster, {{"kubernetes.io", json::object{{"namespace", "agents"},
                                                          {"serviceaccount", json::object{{"name", "refund-bot"}, {"uid", uid}}},
                                                          {"pod", json::object{{"uid", "5b7d"}}}}}});
  };
  const auto agent = agents().by_token("", in_pod("0c6f3a0e"));
  ASSERT_TRUE(agent.ok()) << why(agent);
  EXPECT_EQ(agent->kind, Kind::kubernetes);
  EXPECT_EQ(agent->instance, "5b7d");
  EXPECT_EQ(agent->claims_used.at("/kubernetes.io/namespace"), "agents");
  EXPECT_FALSE(agents().by_token("", in_pod("0c6f3a0f")).ok()) << "deleted and made again under the same name";
}

TEST_F(Identify, AnIdentityOfOneIssuerIsNotThatOfAnother) {
  EXPECT_TRUE(agents().by_token("", token(account, {{"sub", "arn:aws:iam::111122223333:role/refund-bot"}})).ok());
  EXPECT_FALSE(agents().by_token("", token(cluster, {{"sub", "arn:aws:iam::111122223333:role/refund-bot"}})).ok());
  EXPECT_FALSE(agents().by_token("", token(cluster, {{"repository_id", "4419"}})).ok());
}

TEST_F(Identify, ATokenThatFitsTwoAgentsNeedsAName) {
  config_->agents[1].identities = config_->agents[0].identities;
  const auto text = token(github, {{"repository_id", "4419"}});
  EXPECT_THAT(why(agents().by_token("", text)), HasSubstr("fits refund-bot and report; name one"));
  EXPECT_TRUE(agents().by_token("report", text).ok());
}

TEST_F(Identify, AnIdentityThatAsksNothingFitsNobody) {
  config_->agents[1].identities = {{"github", "", {}}};
  EXPECT_FALSE(agents().by_token("report", token(github, {})).ok());
}

TEST_F(Identify, ACertificateProvesByFingerprintOrUri) {
  const auto by_fingerprint = agents().by_certificate("", {fingerprint, {}});
  ASSERT_TRUE(by_fingerprint.ok()) << why(by_fingerprint);
  EXPECT_EQ(by_fingerprint->name, "report");
  EXPECT_EQ(by_fingerprint->assurance, Assurance::bound);
  const auto by_uri = agents().by_certificate(
      "refund-bot", {"sha256:" + std::string(64, 'a'), {"spiffe://acme.example/ns/agents/sa/refund-bot"}});
  ASSERT_TRUE(by_uri.ok()) << why(by_uri);
  EXPECT_EQ(by_uri->kind, Kind::spiffe);
  EXPECT_EQ(by_uri->subject, "spiffe://acme.example/ns/agents/sa/refund-bot");
}

TEST_F(Identify, ACertificateThatFitsNobodyIsRefused) {
  const std::string other = "sha256:" + std::string(64, 'a');
  EXPECT_FALSE(agents().by_certificate("", {other, {}}).ok());
  EXPECT_FALSE(agents().by_certificate("refund-bot", {fingerprint, {}}).ok());
  EXPECT_FALSE(
      agents().by_certificate("", {other, {"spiffe://acme.example/ns/agents/sa/refund-bot", "spiffe://evil.example"}}).ok());
  EXPECT_FALSE(agents().by_certificate("", {"", {}}).ok());
}

TEST_F(Identify, ABoundTokenIsWorthNothingWithoutItsCertificate) {
  const CertificateFacts holder{fingerprint, {}}, other{"sha256:" + std::string(64, 'a'), {}};
  const auto thumbprint = to_base64url(*from_hex(std::string_view(fingerprint).substr(7)));
  const auto bound = token(github, {{"repository_id", "4419"}, {"cnf", json::object{{"x5t#S256", thumbprint}}}});
  EXPECT_THAT(why(agents().by_token("", bound)), HasSubstr("none was presented"));
  EXPECT_THAT(why(agents().by_token("", bound, &other)), HasSubstr("another client certificate"));
  const auto agent = agents().by_token("", bound, &holder);
  ASSERT_TRUE(agent.ok()) << why(agent);
  EXPECT_EQ(agent->assurance, Assurance::bound);
  EXPECT_EQ(agent->bound_key.at("x5t#S256"), thumbprint);
  const auto by_jkt = token(github, {{"repository_id", "4419"}, {"cnf", json::object{{"jkt", "x"}}}});
  EXPECT_THAT(why(agents().by_token("", by_jkt, &holder)), HasSubstr("not supported"));
}

TEST_F(Identify, TheRecordAsJson) {
  const auto agent = agents().by_token("", token(account, {{"sub", "arn:aws:iam::111122223333:role/refund-bot"}}));
  ASSERT_TRUE(agent.ok());
  EXPECT_EQ(canonical(to_json(*agent)),
            R"({"agent":"refund-bot","assurance":1,"bound_key":{},"claims_used":{},"instance":"",)"
            R"("issuer":"https://abc123.tokens.sts.global.api.aws",)"
            R"("kind":"aws","on_behalf_of":null,"owner":"olu","subject":"arn:aws:iam::111122223333:role/refund-bot",)"
            R"("token":{"exp":1795349100,"iat":1795348800,"jti":"j"}})");
}

// A store that cannot answer.
class BrokenKeyStore final : public KeyStore {
 public:
  Result<Bytes> salt_seed() override { return Bytes(32); }
  Result<Done> add(const KeyRecord&) override { return broken(); }
  Result<std::optional<KeyRecord>> find(std::string_view) override { return broken(); }
  Result<std::vector<KeyRecord>> of_agent(std::string_view) override { return broken(); }
  Result<Done> revoke(std::string_view, WallTime) override { return broken(); }

 private:
  static Error broken() { return {Code::unavailable, Blame::gateway, "store: disk I/O error"}; }
};

TEST_F(Identify, AStoreThatCannotAnswerRefuses) {
  const auto enrolled = enrol_key(keys_, "report", clock_.wall(), std::nullopt);
  BrokenKeyStore broken;
  const auto failing = std::move(Agents::create(config_, broken, fake_.fetch(), clock_)).take();
  EXPECT_FALSE(failing->by_key(enrolled->text).ok());
  EXPECT_FALSE(failing->by_scram(failing->scram_offer("report"), "m", Bytes(32)).ok());
}

}  // namespace
}  // namespace narrowgate::identity
