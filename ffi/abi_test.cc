// The C ABI from the C++ side: what is borrowed, what is owned, what happens to nonsense; and tokens that OpenSSL signed.
#include <gtest/gtest.h>
#include <narrowgate_ffi.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace narrowgate {
namespace {

ng_str borrow(std::string_view text) { return {text.data(), text.size()}; }
ng_cedar_uid uid(std::string_view type, std::string_view id) { return {borrow(type), borrow(id)}; }

std::string taken(ng_text& text) {
  std::string out(text.data == nullptr ? "" : text.data, text.size);
  ng_text_free(&text);
  return out;
}

constexpr std::string_view schema = R"(namespace N { entity Who; entity What in [What];
  action "see" appliesTo { principal: [Who], resource: [What],
    context: { "n": Long, "names"?: Set<Who>, "inner"?: { "at": datetime } } }; };)";
constexpr std::string_view policies = R"(
  @id("small") permit (principal, action, resource) when { context.n < 10 };
  @id("not-x") forbid (principal, action, resource in N::What::"x");)";

struct Cedar : ::testing::Test {
  void SetUp() override {
    const ng_cedar_source source{borrow("p.cedar"), borrow(policies)};
    const std::string_view text = schema.substr(0, schema.size() - 1);
    set = ng_cedar_load({borrow("s"), borrow(text)}, &source, 1, &report);
    ASSERT_NE(set, nullptr) << taken(report);
    entities = ng_cedar_entities_new(set, borrow("[]"), &error);
    ASSERT_NE(entities, nullptr) << taken(error);
    slice = ng_cedar_slice_whole(set);
  }
  void TearDown() override {
    ng_cedar_slice_free(slice);
    ng_cedar_entities_free(entities);
    ng_cedar_set_free(set);
    ng_text_free(&report);
    ng_text_free(&error);
  }
  // 1 permitted, 0 denied, -1 not decided.
  int ask(std::vector<ng_cedar_field> fields, ng_cedar_uid resource = uid("N::What", "y"), std::string_view action = "see") {
    const ng_cedar_request request{uid("N::Who", "me"), borrow(action), resource};
    answer = {7, reasons, std::size(reasons), 7, 7};
    ng_text_free(&error);
    auto* context = ng_cedar_context_new(set, fields.data(), fields.size(), &error);
    if (context == nullptr) return -1;
    const bool decided = ng_cedar_evaluate(slice, entities, &request, context, &answer, &error) == 0;
    ng_cedar_context_free(context);
    return decided ? answer.permitted : -1;
  }
  static ng_cedar_field number(std::string_view name, std::int64_t n) { return {borrow(name), NG_CEDAR_LONG, n, {}, nullptr, 0}; }

  ng_cedar_set* set = nullptr;
  ng_cedar_entities* entities = nullptr;
  ng_cedar_slice* slice = nullptr;
  ng_text report{}, error{};
  std::uint32_t reasons[4]{};
  ng_cedar_answer answer{};
};

TEST_F(Cedar, decides_and_names_the_policies_that_did) {
  EXPECT_EQ(ask({number("n", 5)}), 1);
  EXPECT_EQ(answer.reason_count, 1u);
  EXPECT_EQ(reasons[0], 0u);
  EXPECT_EQ(ask({number("n", 50)}), 0);
  EXPECT_EQ(answer.reason_count, 0u);
  EXPECT_EQ(ask({number("n", 5)}, uid("N::What", "x")), 0);
  EXPECT_EQ(reasons[0], 1u);
  EXPECT_EQ(error.data, nullptr);
}

TEST_F(Cedar, knows_entities_that_came_later) {
  const auto parent = uid("N::What", "x");
  const ng_cedar_object object{uid("N::What", "y"), &parent, 1};
  auto* with = ng_cedar_entities_with(set, entities, &object, 1, &error);
  ASSERT_NE(with, nullptr) << taken(error);
  EXPECT_EQ(ask({number("n", 5)}), 1);
  std::swap(with, entities);
  EXPECT_EQ(ask({number("n", 5)}), 0);
  ng_cedar_entities_free(with);
}

TEST_F(Cedar, decides_nothing_about_nonsense) {
  EXPECT_EQ(ask({}), -1) << "n is missing";
  EXPECT_NE(taken(error), "");
  EXPECT_EQ(ask({number("m", 5)}), -1);
  EXPECT_EQ(ask({{borrow("n"), NG_CEDAR_STRING, 0, borrow("5"), nullptr, 0}}), -1);
  EXPECT_EQ(ask({{borrow("n"), 99, 0, {}, nullptr, 0}}), -1);
  EXPECT_EQ(ask({number("n", 5), number("n", 6)}), -1) << "n twice";
  EXPECT_EQ(ask({number("n", 5)}, uid("N::Nothing", "y")), -1);
  EXPECT_EQ(ask({number("n", 5)}, uid("N::Who", "y")), -1) << "see is not for people";
  EXPECT_EQ(ask({number("n", 5)}, uid("N::What", "\xff")), -1);
  EXPECT_EQ(ask({number("n", 5)}, uid("N::What", "y"), "touch"), -1);
  EXPECT_EQ(answer.permitted, 0) << "what was there before is not left standing";
}

TEST_F(Cedar, takes_sets_and_records_and_no_bottomless_ones) {
  const ng_cedar_uid names[] = {uid("N::Who", "me"), uid("N::Who", "you")};
  const ng_cedar_field at{borrow("at"), NG_CEDAR_INSTANT, 0, borrow("2026-11-22T12:00:00.000Z"), nullptr, 0};
  EXPECT_EQ(ask({number("n", 1),
                 {borrow("names"), NG_CEDAR_ENTITIES, 0, {}, names, 2},
                 {borrow("inner"), NG_CEDAR_RECORD, 0, {}, &at, 1}}),
            1);
  ng_cedar_field loop{borrow("inner"), NG_CEDAR_RECORD, 0, {}, nullptr, 1};
  loop.items = &loop;
  EXPECT_EQ(ask({number("n", 1), loop}), -1);
  const ng_cedar_field bad{borrow("at"), NG_CEDAR_INSTANT, 0, borrow("yesterday"), nullptr, 0};
  EXPECT_EQ(ask({number("n", 1), {borrow("inner"), NG_CEDAR_RECORD, 0, {}, &bad, 1}}), -1);
}

TEST_F(Cedar, says_how_many_reasons_there_are_when_there_is_no_room) {
  const auto n = number("n", 5);
  auto* context = ng_cedar_context_new(set, &n, 1, &error);
  const ng_cedar_request request{uid("N::Who", "me"), borrow("see"), uid("N::What", "y")};
  ng_cedar_answer none{0, nullptr, 0, 0, 0};
  ASSERT_EQ(ng_cedar_evaluate(slice, entities, &request, context, &none, nullptr), 0);
  ng_cedar_context_free(context);
  EXPECT_EQ(none.permitted, 1);
  EXPECT_EQ(none.reason_count, 1u);
}

TEST_F(Cedar, a_slice_and_a_context_outlive_their_set) {
  const auto n = number("n", 5);
  auto* context = ng_cedar_context_new(set, &n, 1, &error);
  ng_cedar_set_free(set);
  set = nullptr;
  const ng_cedar_request request{uid("N::Who", "me"), borrow("see"), uid("N::What", "y")};
  EXPECT_EQ(ng_cedar_evaluate(slice, entities, &request, context, &answer, &error), 0);
  ng_cedar_context_free(context);
  EXPECT_EQ(answer.permitted, 1);
}

TEST(Ffi, empty_handles_and_texts_may_be_freed) {
  ng_text text{};
  ng_text_free(&text);
  ng_text_free(nullptr);
  ng_cedar_set_free(nullptr);
  ng_cedar_entities_free(nullptr);
  ng_cedar_slice_free(nullptr);
  ng_cedar_context_free(nullptr);
  EXPECT_EQ(text.data, nullptr);
}

TEST(Ffi, a_schema_that_does_not_parse_is_reported) {
  ng_text report{};
  EXPECT_EQ(ng_cedar_load({borrow("s"), borrow("entity")}, nullptr, 0, &report), nullptr);
  EXPECT_NE(taken(report).find("\"file\":\"s\""), std::string::npos);
}

// ---- tokens

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;

Bytes parameter(const Key& key, const char* name) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), name, &number), 1);
  Bytes out(std::size_t(BN_num_bytes(number)));
  BN_bn2bin(number, out.data());
  BN_free(number);
  return out;
}
Bytes padded(Bytes bytes, std::size_t size) {
  bytes.insert(bytes.begin(), size - bytes.size(), 0);
  return bytes;
}

struct Algorithm {
  friend void PrintTo(const Algorithm& algorithm, std::ostream* out) { *out << algorithm.name; }
  const char* name;
  std::size_t field = 0;  // of a coordinate
  const EVP_MD* (*digest)() = nullptr;
};

Key make_key(std::string_view algorithm) {
  if (algorithm == "RS256") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t(2048)));
  if (algorithm == "ES256") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (algorithm == "ES384") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

std::string jwk(const Key& key, const Algorithm& algorithm) {
  const std::string_view name = algorithm.name;
  const auto text = [&](const char* parameter_name) {
    return to_base64url(padded(parameter(key, parameter_name), algorithm.field));
  };
  if (name == "RS256")
    return R"({"kty":"RSA","n":")" + to_base64url(parameter(key, OSSL_PKEY_PARAM_RSA_N)) + R"(","e":")" +
           to_base64url(parameter(key, OSSL_PKEY_PARAM_RSA_E)) + "\"}";
  if (name != "EdDSA")
    return std::string(R"({"kty":"EC","crv":")") + (name == "ES256" ? "P-256" : "P-384") + R"(","x":")" +
           text(OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")" + text(OSSL_PKEY_PARAM_EC_PUB_Y) + "\"}";
  Bytes raw(32);
  std::size_t size = raw.size();
  EXPECT_EQ(EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size), 1);
  return R"({"kty":"OKP","crv":"Ed25519","x":")" + to_base64url(raw) + "\"}";
}

// JOSE wants r and s of a fixed size, not DER.
Bytes raw_signature(const Bytes& der, std::size_t field) {
  const Byte* at = der.data();
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, long(der.size()));
  Bytes out(2 * field);
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), out.data(), int(field));
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), out.data() + field, int(field));
  ECDSA_SIG_free(signature);
  return out;
}

std::string sign(const Key& key, const Algorithm& algorithm, const std::string& header) {
  const auto message = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(R"({"sub":"refund-bot"})"));
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  Bytes out(1024);
  std::size_t size = out.size();
  EXPECT_EQ(EVP_DigestSignInit(context, nullptr, algorithm.digest ? algorithm.digest() : nullptr, nullptr, key.get()), 1);
  EXPECT_EQ(EVP_DigestSign(context, out.data(), &size, as_bytes(message).data(), message.size()), 1);
  EVP_MD_CTX_free(context);
  out.resize(size);
  return message + "." + to_base64url(algorithm.field ? raw_signature(out, algorithm.field) : out);
}

int verify(std::string_view token, std::string_view algorithm, std::string_view key) {
  ng_text why{};
  const int verdict = ng_jwt_verify(borrow(token), borrow(algorithm), borrow(key), &why);
  EXPECT_EQ(verdict == NG_JWT_GOOD, taken(why).empty());
  return verdict;
}

class Signed : public ::testing::TestWithParam<Algorithm> {
 protected:
  std::string header(std::string_view more = "") const {
    return std::string(R"({"typ":"JWT","alg":")") + GetParam().name + "\"" + std::string(more) + "}";
  }
};
INSTANTIATE_TEST_SUITE_P(Tokens, Signed,
                         ::testing::Values(Algorithm{"RS256", 0, EVP_sha256}, Algorithm{"ES256", 32, EVP_sha256},
                                           Algorithm{"ES384", 48, EVP_sha384}, Algorithm{"EdDSA"}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Signed, verify_with_their_key_and_no_other) {
  const auto mine = make_key(GetParam().name), other = make_key(GetParam().name);
  const auto token = sign(mine, GetParam(), header());
  EXPECT_EQ(verify(token, GetParam().name, jwk(mine, GetParam())), NG_JWT_GOOD);
  EXPECT_EQ(verify(token, GetParam().name, jwk(other, GetParam())), NG_JWT_BAD_SIGNATURE);
  for (std::size_t cut = 1; cut < 8; ++cut)
    EXPECT_NE(verify(token.substr(0, token.size() - cut), GetParam().name, jwk(mine, GetParam())), NG_JWT_GOOD) << cut;
}

TEST_P(Signed, a_header_that_names_another_algorithm_is_not_believed) {
  const auto key = make_key(GetParam().name);
  for (const auto* named : {"none", "HS256", "RS512", "PS256"}) {
    const auto token = sign(key, GetParam(), std::string(R"({"alg":")") + named + "\"}");
    EXPECT_NE(verify(token, GetParam().name, jwk(key, GetParam())), NG_JWT_GOOD) << named;
    EXPECT_NE(verify(token, named, jwk(key, GetParam())), NG_JWT_GOOD) << named;
  }
}

TEST_P(Signed, a_key_that_the_token_brings_is_not_used) {
  const auto mine = make_key(GetParam().name), attacker = make_key(GetParam().name);
  const auto token = sign(attacker, GetParam(), header(",\"jwk\":" + jwk(attacker, GetParam())));
  EXPECT_NE(verify(token, GetParam().name, jwk(mine, GetParam())), NG_JWT_GOOD);
}

TEST(Tokens, that_are_not_text_are_failures_not_crashes) {
  EXPECT_EQ(verify("\xff.\xff.\xff", "RS256", "{}"), NG_JWT_FAILED);
  EXPECT_EQ(verify("a.b.c", "RS256", "{}"), NG_JWT_KEY_UNUSABLE);
}

}  // namespace
}  // namespace narrowgate
