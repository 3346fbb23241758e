#include "protocol/postgres/wire/client_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/postgres/wire/messages_backend.h"
#include "protocol/postgres/wire/wire_cases.h"

namespace narrowgate::postgres {
namespace {

using ::testing::ElementsAre;

const SecretString password(std::string("pencil"));
ScramVerifier verifier() { return *make_verifier(password, 4096, Bytes(16, 's')); }

// What our login said, as a client reads it.
backend::Authentication heard(const Bytes& bytes) { return *backend::decode_authentication(ByteView(bytes).subspan(5)); }

Bytes initial(std::string_view mechanism, std::optional<std::string_view> data) {
  Bytes out;
  frontend::write_sasl_initial(out, {mechanism, data});
  return out;
}
Bytes response(std::string_view data) {
  Bytes out;
  frontend::write_sasl_response(out, data);
  return out;
}

Result<Done> log_in(ClientLogin login, ScramClient client) {
  NG_TRY(const LoginStep first, login.next(initial(client.mechanism(), client.first())));
  NG_TRY(const std::string reply, client.answer(as_text(heard(first.send).data)));
  NG_TRY(const LoginStep last, login.next(response(reply)));
  EXPECT_TRUE(last.finished);
  return client.verify(as_text(heard(last.send).data));
}

TEST(ClientLogin, AsksForATokenAndKeepsIt) {
  ClientLogin login = ClientLogin::ask_for_token();
  EXPECT_EQ(login.begin(), message('R', "\0\0\0\3"_bytes));
  const Bytes answer = message('p', "ngt_abc\0"_bytes);
  for (std::size_t size = 0; size < answer.size(); ++size) EXPECT_EQ(login.next(ByteView(answer).first(size))->used, 0u);
  const auto step = login.next(answer + message('Q', "x\0"_bytes));
  EXPECT_EQ(step->used, answer.size());
  EXPECT_TRUE(step->finished);
  EXPECT_TRUE(step->send.empty());
  EXPECT_EQ(login.take_token().expose(), "ngt_abc");
}

TEST(ClientLogin, RefusesAnEmptyTokenAndAZeroInsideOne) {
  EXPECT_EQ(ClientLogin::ask_for_token().next(message('p', "\0"_bytes)).error().code, Code::refused);
  EXPECT_EQ(ClientLogin::ask_for_token().next(message('p', "a\0b\0"_bytes)).error().code, Code::malformed);
  EXPECT_EQ(ClientLogin::ask_for_token().next(message('p', "abc"_bytes)).error().code, Code::malformed);
}

TEST(ClientLogin, TakesNothingButPasswords) {
  EXPECT_EQ(ClientLogin::ask_for_token().next(message('Q', "select 1\0"_bytes)).error().code, Code::malformed);
  EXPECT_EQ(ClientLogin::ask_for_scram(verifier(), {}).next("X"_bytes).error().code, Code::malformed);
}

TEST(ClientLogin, OffersChannelBindingOnlyUnderTls) {
  EXPECT_THAT(heard(ClientLogin::ask_for_scram(verifier(), {}).begin()).mechanisms, ElementsAre("SCRAM-SHA-256"));
  EXPECT_THAT(heard(ClientLogin::ask_for_scram(verifier(), Bytes(32)).begin()).mechanisms,
              ElementsAre("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"));
}

TEST(ClientLogin, ProvesAClientByScram) {
  EXPECT_TRUE(log_in(ClientLogin::ask_for_scram(verifier(), {}), *ScramClient::create(password, {}, false)).ok());
  EXPECT_TRUE(log_in(ClientLogin::ask_for_scram(verifier(), Bytes(32)), *ScramClient::create(password, Bytes(32), true)).ok());
  EXPECT_TRUE(log_in(ClientLogin::ask_for_scram(verifier(), Bytes(32)), *ScramClient::create(password, {}, false)).ok());
  const SecretString wrong(std::string("eraser"));
  EXPECT_EQ(log_in(ClientLogin::ask_for_scram(verifier(), {}), *ScramClient::create(wrong, {}, false)).error().code,
            Code::refused);
}

TEST(ClientLogin, RefusesAMechanismItDidNotOffer) {
  for (const auto* mechanism : {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", "OAUTHBEARER", "", "scram-sha-256"}) {
    EXPECT_EQ(ClientLogin::ask_for_scram(verifier(), {}).next(initial(mechanism, "n,,n=,r=abc")).error().code, Code::malformed)
        << mechanism;
  }
  EXPECT_EQ(ClientLogin::ask_for_scram(verifier(), {}).next(initial("SCRAM-SHA-256", {})).error().code, Code::malformed);
}

TEST(ClientLoginDeathTest, HasNoSecondTry) {
  ClientLogin login = ClientLogin::ask_for_token();
  EXPECT_FALSE(login.next(message('p', "\0"_bytes)).ok());
  EXPECT_DEATH((void)login.next(message('p', "again\0"_bytes)), "failed");
}

}  // namespace
}  // namespace narrowgate::postgres
