#include "identity/people.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/password.h"
#include "identity/token_maker.h"

namespace narrowgate::identity {
namespace {

using testing::FakeIssuer;
using ::testing::HasSubstr;
using testing::make_token;
using testing::TestKey;
using namespace std::chrono_literals;

constexpr std::int64_t now = 1'795'348'800;
constexpr const char* idp = "https://idp.example/tenant";

template <class T>
std::string why(const Result<T>& result) {
  return result.ok() ? "accepted" : to_string(result.error());
}

TEST(Password, HashesCheckAndDiffer) {
  const SecretString password("correct horse");
  const auto hash = hash_password(password), again = hash_password(password);
  ASSERT_TRUE(hash.ok() && again.ok());
  EXPECT_TRUE(hash->starts_with("$scrypt$ln=15,r=8,p=1$"));
  EXPECT_NE(*hash, *again);
  EXPECT_TRUE(*check_password(password, *hash));
  EXPECT_FALSE(*check_password(SecretString("correct horsf"), *hash));
  EXPECT_FALSE(*check_password(SecretString(""), *hash));
}

TEST(Password, AgreesWithAnotherImplementation) {
  // RFC 7914 §12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1), its first 32 bytes.
  const auto digest = *from_hex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
  auto text = to_base64(digest);
  text.pop_back();  // PHC strings are not padded
  const auto hash = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$" + text;
  EXPECT_TRUE(*check_password(SecretString("pleaseletmein"), hash));
  EXPECT_FALSE(*check_password(SecretString("pleaseletmeout"), hash));
}

TEST(Password, AHashThatAsksForTooMuchIsRefusedBeforeItIsComputed) {
  for (const auto* hash :
       {"", "$scrypt$", "$bcrypt$ln=15,r=8,p=1$AAAAAAAAAAA$AA", "$scrypt$ln=30,r=8,p=1$U29kaXVtQ2hsb3JpZGU$AA",
        "$scrypt$ln=15,r=99,p=1$U29kaXVt$AA", "$scrypt$ln=15,r=8,p=99$U29kaXVt$AA", "$scrypt$ln=15,r=8$U29kaXVt$AA",
        "$scrypt$ln=15,r=8,p=1$!!$AA", "$scrypt$ln=15,r=8,p=1$U29kaXVtQ2hsb3JpZGU$AA"})
    EXPECT_EQ(check_password(SecretString("x"), hash).error().code, Code::malformed) << hash;
}

TEST(Password, EmptyAndEndlessOnesAreRefused) {
  EXPECT_FALSE(hash_password(SecretString("")).ok());
  EXPECT_FALSE(hash_password(SecretString(std::string(2000, 'x'))).ok());
}

TEST(LoginLimiter, WaitsAfterFiveFailuresAndLongerEachTime) {
  LoginLimiter limiter;
  const MonoTime start{};
  for (int i = 0; i < 4; ++i) limiter.failed("ana", start);
  EXPECT_EQ(limiter.wait("ana", start), 0s);
  limiter.failed("ana", start);
  EXPECT_EQ(limiter.wait("ana", start), 1min);
  EXPECT_EQ(limiter.wait("olu", start), 0s);
  EXPECT_EQ(limiter.wait("ana", start + 1min), 0s);
  limiter.failed("ana", start + 1min);
  EXPECT_EQ(limiter.wait("ana", start + 1min), 2min);
  for (int i = 0; i < 50; ++i) limiter.failed("ana", start);
  EXPECT_EQ(limiter.wait("ana", start), login_wait_max);
  limiter.succeeded("ana");
  EXPECT_EQ(limiter.wait("ana", start), 0s);
}

TEST(LoginLimiter, RemembersABoundedNumberOfNames) {
  LoginLimiter limiter;
  const MonoTime start{};
  for (int i = 0; i < 5; ++i) limiter.failed("ana", start + 1s);
  for (std::size_t i = 0; i < login_names_remembered_max + 10; ++i) limiter.failed(std::to_string(i), start + (i < 20 ? 0s : 2s));
  EXPECT_GT(limiter.wait("ana", start + 2s), 0s);
}

class Persons : public ::testing::Test {
 protected:
  Persons() {
    issuer_.add(key(), "k");
    config::Issuer issuer;
    issuer.name = "idp";
    issuer.url = idp;
    issuer.audience = "us";
    issuer.groups_claim = "groups";
    config_->issuers.push_back(issuer);
    config::Person ana;
    ana.name = "ana";
    ana.email = "ana@acme.example";
    ana.groups = {"orders-oncall"};
    ana.roles = {config::Role::approver};
    ana.password = SecretString("correct horse");
    ana.identities = {{"idp", "u-77", {}}};
    config::Person olu;
    olu.name = "olu";
    config_->people = {ana, olu};
    tokens_ = std::make_unique<TokenVerifier>(*config_, issuer_.fetch(), clock_);
  }
  static const TestKey& key() {
    static const auto made = TestKey::make("ES256");
    return made;
  }
  People& people() {
    if (!people_) people_ = std::move(People::create(config_, sessions_, *tokens_, clock_)).take();
    return *people_;
  }
  static std::string token(std::string_view sub, json::object extra = {}) {
    json::object claims{{"iss", idp}, {"sub", sub}, {"aud", "us"}, {"iat", now}, {"exp", now + 300}};
    for (auto& [name, value] : extra) claims[name] = value;
    return make_token({{"alg", "ES256"}, {"kid", "k"}}, claims, key());
  }

  FakeClock clock_;
  FakeIssuer issuer_;
  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  std::unique_ptr<TokenVerifier> tokens_;
  MemorySessionStore sessions_;
  std::unique_ptr<People> people_;
};

TEST_F(Persons, LogInByPassword) {
  const auto ana = people().by_password("ana", SecretString("correct horse"));
  ASSERT_TRUE(ana.ok()) << why(ana);
  EXPECT_TRUE(ana->has(config::Role::approver));
  EXPECT_FALSE(ana->has(config::Role::admin));
  EXPECT_TRUE(ana->in_group("orders-oncall"));
  EXPECT_EQ(canonical(to_json(*ana)), R"({"email":"ana@acme.example","groups":["orders-oncall"],"login":"password","name":"ana",)"
                                      R"("phishing_resistant":false,"roles":["approver"]})");
}

TEST_F(Persons, AWrongPasswordAnUnknownNameAndNoPasswordSoundTheSame) {
  for (const auto* name : {"ana", "stranger", "olu"})
    EXPECT_EQ(why(people().by_password(name, SecretString("wrong"))),
              fmt::format("refused (client): person \"{}\": unknown, or the password is wrong", name));
}

TEST_F(Persons, FiveWrongPasswordsMakeTheNameWait) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(people().by_password("ana", SecretString("wrong")).ok());
  EXPECT_THAT(why(people().by_password("ana", SecretString("correct horse"))), HasSubstr("try again in 60 s"));
  clock_.pass(1min);
  EXPECT_TRUE(people().by_password("ana", SecretString("correct horse")).ok());
}

TEST_F(Persons, LogInByTokenWithTheIssuersGroups) {
  const auto ana = people().by_token(token("u-77", {{"groups", json::array{"dba", 7, "orders-oncall"}}}));
  ASSERT_TRUE(ana.ok()) << why(ana);
  EXPECT_EQ(ana->groups, (std::vector<std::string>{"dba", "orders-oncall"}));
  EXPECT_THAT(why(people().by_token(token("u-78"))), HasSubstr("fits no person"));
  EXPECT_THAT(why(people().by_token(token("u-77", {{"cnf", json::object{{"jkt", "x"}}}}))), HasSubstr("cnf"));
}

TEST_F(Persons, ASessionOutlivesTheLoginAndThenExpires) {
  const auto session = people().start_session(*people().by_password("ana", SecretString("correct horse")), "cli");
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(session->token.expose().starts_with("ngs_"));
  const auto ana = people().by_session(session->token);
  ASSERT_TRUE(ana.ok()) << why(ana);
  EXPECT_EQ(ana->login, Login::session);
  clock_.pass(session_life);
  EXPECT_THAT(why(people().by_session(session->token)), HasSubstr("has expired; log in again"));
}

TEST_F(Persons, ASessionFollowsTheConfigurationOfTheMoment) {
  auto ana = *people().by_password("ana", SecretString("correct horse"));
  ana.groups.push_back("dba");  // as if a token had brought it
  const auto session = people().start_session(ana, "cli");
  config_->people[0].groups = {};
  config_->people[0].roles = {};
  const auto later = people().by_session(session->token);
  ASSERT_TRUE(later.ok()) << why(later);
  EXPECT_TRUE(later->roles.empty());
  EXPECT_EQ(later->groups, std::vector<std::string>{"dba"});
  config_->people[0].name = "someone-else";
  EXPECT_THAT(why(people().by_session(session->token)), HasSubstr("no longer exists"));
}

TEST_F(Persons, SessionsEndOneByOneOrTogether) {
  const auto ana = *people().by_password("ana", SecretString("correct horse"));
  const auto a = people().start_session(ana, "a"), b = people().start_session(ana, "b"), c = people().start_session(ana, "c");
  ASSERT_TRUE(people().end_session(a->token).ok());
  EXPECT_FALSE(people().by_session(a->token).ok());
  EXPECT_TRUE(people().by_session(b->token).ok());
  ASSERT_TRUE(people().end_sessions_of("ana").ok());
  EXPECT_FALSE(people().by_session(b->token).ok());
  EXPECT_FALSE(people().by_session(c->token).ok());
}

TEST_F(Persons, TheOldestSessionGoesWhenThereAreTooMany) {
  const auto ana = *people().by_password("ana", SecretString("correct horse"));
  const auto first = people().start_session(ana, "first");
  clock_.pass(1s);
  for (std::size_t i = 0; i < sessions_per_person_max; ++i) ASSERT_TRUE(people().start_session(ana, "more").ok());
  EXPECT_FALSE(people().by_session(first->token).ok());
  EXPECT_EQ(sessions_.of_person("ana")->size(), sessions_per_person_max);
}

TEST_F(Persons, ASessionTokenWithAWrongSecretIsRefused) {
  const auto session = people().start_session(*people().by_password("ana", SecretString("correct horse")), "cli");
  const auto& text = session->token.expose();
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(people().by_session(SecretString(text.substr(0, i))).ok()) << i;
    auto changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(people().by_session(SecretString(changed)).ok()) << i;
  }
}

TEST_F(Persons, TheOperatorAtTheDataFolderNamesAConfiguredPerson) {
  const auto ana = people().local("ana");
  ASSERT_TRUE(ana.ok());
  EXPECT_EQ(ana->login, Login::local);
  EXPECT_THAT(why(people().local("stranger")), HasSubstr("does not exist; add them to people"));
}

}  // namespace
}  // namespace narrowgate::identity
