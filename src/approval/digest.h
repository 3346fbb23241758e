// The digest an approval is bound to (security-model §3.8): SHA-256 over RFC 8785 canonical JSON of everything that decides what
// an operation does. Change any of it between the approval and the execution, and the approval no longer fits.
//
// Members, in the published vector's spelling: v, conn, grant, resource, ops[{resource, verb}], stmt, params, search_path,
// policy, enforced{max_rows, max_bytes, timeout_ms}. Added only where they say something: enforced.max_rows_written, meaning
// (what the protocol adds: settings, versions of the objects named), role. Text that is not UTF-8 goes as stmt_b64, params_b64,
// so that two byte strings never share a digest.
#pragma once

#include <string>
#include <vector>

#include "policy/decision.h"

namespace narrowgate::approval {

struct BoundOp {
  std::string resource;  // "pg:orders/public.refunds"
  std::string verb;
  friend bool operator==(const BoundOp&, const BoundOp&) = default;
};

struct BoundOperation {
  std::string connection;  // ses_…: one conversation with one upstream connection
  std::string grant;
  std::string resource;
  std::vector<BoundOp> ops;
  std::string statement;  // exact bytes
  std::vector<std::string> parameters;
  std::string meaning;            // Request::meaning()
  std::string search_path, role;  // where a protocol has them apart from `meaning`
  Enforced enforced;
  std::string policy;  // version: "sha256:…"
  friend bool operator==(const BoundOperation&, const BoundOperation&) = default;
};

std::string canonical_form(const BoundOperation& operation);
std::string op_digest(const BoundOperation& operation);  // "sha256:<hex>"

}  // namespace narrowgate::approval
