// Approval as a row of the store, and back. The facts are written once, exact bytes included; a row that does not read back whole
// is an Error, never an approval with something missing.
#pragma once

#include "approval/approval.h"
#include "store/approvals.h"

namespace narrowgate::approval {

// What a denial is remembered by: who wants what done, without the connection and the grant, so that a new connection is no way
// around it.
std::string operation_key(const OperationFacts& facts);

store::ApprovalRow to_row(const Approval& approval, std::uint64_t version);
Result<Approval> from_row(const store::ApprovalRow& row);

json::object enforced_to_json(const Enforced& enforced);

}  // namespace narrowgate::approval
