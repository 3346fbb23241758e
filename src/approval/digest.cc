#include "approval/digest.h"

#include "approval/text_json.h"
#include "base/crypto.h"

namespace narrowgate::approval {
namespace {

json::object enforced_as_json(const Enforced& enforced) {
  json::object out{
      {"max_rows", enforced.rows_read_max}, {"max_bytes", enforced.bytes_max}, {"timeout_ms", enforced.statement_max.count()}};
  if (enforced.rows_written_max != 0) out["max_rows_written"] = enforced.rows_written_max;
  return out;
}

}  // namespace

std::string canonical_form(const BoundOperation& operation) {
  json::array ops;
  for (const BoundOp& op : operation.ops) ops.push_back(json::object{{"resource", op.resource}, {"verb", op.verb}});
  json::object out{{"v", 1}, {"ops", std::move(ops)}, {"enforced", enforced_as_json(operation.enforced)}};
  put_text(out, "conn", operation.connection);
  put_text(out, "grant", operation.grant);
  put_text(out, "resource", operation.resource);
  put_text(out, "policy", operation.policy);
  put_text(out, "search_path", operation.search_path);
  put_text(out, "stmt", operation.statement);
  put_texts(out, "params", operation.parameters);
  if (!operation.meaning.empty()) put_text(out, "meaning", operation.meaning);
  if (!operation.role.empty()) put_text(out, "role", operation.role);
  return canonical(out);
}

std::string op_digest(const BoundOperation& operation) { return sha256_hex(canonical_form(operation)); }

}  // namespace narrowgate::approval
