#include <gtest/gtest.h>

#include <functional>

#include "approval/digest.h"

namespace narrowgate::approval {
namespace {

using namespace std::chrono_literals;

// security-model §3.8.
BoundOperation published() {
  BoundOperation out;
  out.connection = "conn_01JD8Z";
  out.grant = "grt_01JD8X";
  out.resource = "orders";
  out.ops = {{"pg:orders/public.refunds", "UPDATE"}};
  out.statement = "UPDATE public.refunds SET state = 'void' WHERE batch = 7";
  out.search_path = "public";
  out.enforced = {500, 0, 1'048'576, 30s};
  out.policy = "sha256:9f2c";
  return out;
}

TEST(Digest, IsThePublishedVector) {
  EXPECT_EQ(
      canonical_form(published()),
      R"({"conn":"conn_01JD8Z","enforced":{"max_bytes":1048576,"max_rows":500,"timeout_ms":30000},"grant":"grt_01JD8X","ops":[{"resource":)"
      R"("pg:orders/public.refunds","verb":"UPDATE"}],"params":[],"policy":"sha256:9f2c","resource":"orders","search_path":"public",)"
      R"("stmt":"UPDATE public.refunds SET state = 'void' WHERE batch = 7","v":1})");
  EXPECT_EQ(op_digest(published()), "sha256:4472fb893ef37cfecb4a60d43f9d9a4bd4c3f1a28e6fe0a5a7207f0625028d45");
}

TEST(Digest, DiffersWhenAnythingDiffers) {
  const std::vector<std::pair<const char*, std::function<void(BoundOperation&)>>> changes = {
      {"connection", [](auto& op) { op.connection = "conn_other"; }},
      {"grant", [](auto& op) { op.grant = "grt_other"; }},
      {"resource", [](auto& op) { op.resource = "billing"; }},
      {"one more op", [](auto& op) { op.ops.push_back({"pg:orders/public.cards", "SELECT"}); }},
      {"verb", [](auto& op) { op.ops[0].verb = "DELETE"; }},
      {"object", [](auto& op) { op.ops[0].resource = "pg:orders/public.cards"; }},
      {"statement", [](auto& op) { op.statement += " "; }},
      {"parameters", [](auto& op) { op.parameters = {"7"}; }},
      {"parameters split otherwise", [](auto& op) { op.parameters = {"7", ""}; }},
      {"meaning", [](auto& op) { op.meaning = "catalog 8"; }},
      {"search_path", [](auto& op) { op.search_path = "evil, public"; }},
      {"role", [](auto& op) { op.role = "narrowgate_orders_rw"; }},
      {"rows read", [](auto& op) { op.enforced.rows_read_max = 501; }},
      {"rows written", [](auto& op) { op.enforced.rows_written_max = 1; }},
      {"bytes", [](auto& op) { op.enforced.bytes_max = 0; }},
      {"time", [](auto& op) { op.enforced.statement_max = 31s; }},
      {"policy", [](auto& op) { op.policy = "sha256:0000"; }},
  };
  std::map<std::string, std::string> seen{{op_digest(published()), "unchanged"}};
  for (const auto& [what, change] : changes) {
    auto op = published();
    change(op);
    const auto [at, fresh] = seen.emplace(op_digest(op), what);
    EXPECT_TRUE(fresh) << what << " is as " << at->second;
  }
}

TEST(Digest, OfBytesThatAreNoTextIsNotThatOfTheirBase64) {
  auto raw = published(), coded = published();
  raw.statement = "SELECT '\xff'";
  coded.statement = "U0VMRUNUICf/Jw==";
  EXPECT_NE(canonical_form(raw), canonical_form(coded));
  EXPECT_NE(canonical_form(raw).find("\"stmt_b64\":\"U0VMRUNUICf/Jw==\""), std::string::npos) << canonical_form(raw);
}

}  // namespace
}  // namespace narrowgate::approval
