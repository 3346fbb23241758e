#include "base/json.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace narrowgate {
namespace {

TEST(Json, RefusesDuplicateKeysAtAnyDepth) {
  EXPECT_TRUE(parse_json(R"({"a":1,"b":{"a":2}})").ok());
  const auto twice = parse_json(R"({"a":{"x":1,"x":2}})");
  ASSERT_FALSE(twice.ok());
  EXPECT_NE(twice.error().detail.find("\"x\" appears twice"), std::string::npos);
  EXPECT_FALSE(parse_json(R"({"a":1,"\u0061":2})").ok());
}

TEST(Json, RefusesTrailingTextAndDepth) {
  EXPECT_FALSE(parse_json("{} x").ok());
  EXPECT_FALSE(parse_json("{").ok());
  EXPECT_FALSE(parse_json(std::string(100'000, '[')).ok());
  EXPECT_TRUE(parse_json(" {} \n").ok());
}

TEST(Json, CanonicalFormGivesThePublishedApprovalDigest) {
  const auto value = parse_json(
      R"({"v":1,"stmt":"UPDATE public.refunds SET state = 'void' WHERE batch = 7","conn":"conn_01JD8Z","grant":"grt_01JD8X","resource":"orders","params":[],"search_path":"public","policy":"sha256:9f2c","enforced":{"timeout_ms":30000,"max_rows":500,"max_bytes":1048576},"ops":[{"verb":"UPDATE","resource":"pg:orders/public.refunds"}]})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(sha256_hex(canonical(*value)), "sha256:4472fb893ef37cfecb4a60d43f9d9a4bd4c3f1a28e6fe0a5a7207f0625028d45");
}

}  // namespace
}  // namespace narrowgate
