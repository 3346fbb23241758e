#include "policy/decision.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/json.h"

namespace narrowgate {
namespace {

constexpr std::size_t bytes_max = 480;

Denial refund_denial() {
  Denial denial;
  denial.code = DenialCode::scope_denied;
  denial.decision = "dec_01JD9A";
  denial.message = "DELETE on public.refunds is outside task tsk_1";
  denial.need = {"DELETE pg:orders/public.refunds"};
  denial.have = {"SELECT,UPDATE pg:orders/public.refunds"};
  denial.ask = "CALL narrowgate.request('dec_01JD9A','why')";
  denial.retry = "after_grant";
  denial.policies = {"scope"};
  return denial;
}

json::object parsed(const Denial& denial) {
  const auto text = to_json(denial);
  EXPECT_LE(text.size(), bytes_max);
  EXPECT_TRUE(is_utf8(text)) << text;
  const auto value = parse_json(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? value->as_object() : json::object{};
}

TEST(Decision, a_denial_is_the_published_object) {
  const std::string published =
      R"j({"v":1,"code":"scope_denied","decision":"dec_01JD9A","need":["DELETE pg:orders/public.refunds"],)j"
      R"j("have":["SELECT,UPDATE pg:orders/public.refunds"],)j"
      R"j("ask":"CALL narrowgate.request('dec_01JD9A','why')","retry":"after_grant"})j";
  EXPECT_EQ(to_json(refund_denial()), published);
}

TEST(Decision, what_is_empty_is_left_out_and_policies_never_go_to_the_client) {
  Denial denial;
  denial.policies = {"secret-policy"};
  EXPECT_EQ(to_json(denial), "{\"v\":1,\"code\":\"unavailable\"}");
}

TEST(Decision, lists_are_cut_first_and_say_so) {
  auto denial = refund_denial();
  for (int i = 0; i < 100; ++i) denial.have.push_back("SELECT pg:orders/public.t" + std::to_string(i));
  const auto object = parsed(denial);
  const auto& have = object.at("have").as_array();
  EXPECT_EQ(have.back().as_string(), "…");
  EXPECT_EQ(have.front().as_string(), denial.have.front());
  EXPECT_EQ(object.at("need").as_array().size(), 1u);
  EXPECT_EQ(object.at("ask").as_string(), denial.ask);
}

TEST(Decision, one_long_name_is_cut_between_characters) {
  for (std::size_t lead = 0; lead < 8; ++lead) {
    auto denial = refund_denial();
    denial.need = {std::string(lead, 'x')};
    for (int i = 0; i < 300; ++i) denial.need[0] += "é€😀";
    const auto object = parsed(denial);
    EXPECT_TRUE(std::string_view(object.at("need").as_array()[0].as_string()).ends_with("…"));
    EXPECT_EQ(object.at("decision").as_string(), denial.decision);
  }
}

TEST(Decision, everything_too_long_at_once_still_fits) {
  Denial denial;
  for (auto* text : {&denial.decision, &denial.ask, &denial.retry}) *text = std::string(5'000, '"');
  denial.need.assign(50, std::string(500, '\\'));
  denial.have.assign(50, std::string(500, '\n'));
  EXPECT_EQ(parsed(denial).at("code").as_string(), "unavailable");
}

TEST(Decision, names_that_try_to_look_like_something_else_are_made_visible) {
  auto denial = refund_denial();
  denial.need = {
      "SELECT \xe2\x80\xae"
      "evil",
      "\xff"};
  const auto object = parsed(denial);
  EXPECT_EQ(object.at("need").as_array()[0].as_string(), "SELECT \\u{202e}evil");
}

TEST(Decision, every_code_and_danger_has_its_published_name) {
  EXPECT_EQ(to_string(DenialCode::approval_mismatch), "approval_mismatch");
  EXPECT_EQ(to_string(DenialCode::limit_exceeded), "limit_exceeded");
  EXPECT_EQ(to_string(Danger::read), "read");
  EXPECT_EQ(to_string(Danger::unknown), "unknown");
}

}  // namespace
}  // namespace narrowgate
