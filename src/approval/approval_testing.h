// Sample operations and people, a clock that is held still, and a store in memory that can crash. For tests of this folder.
#pragma once

#include <map>

#include "approval/approvals.h"
#include "base/fake_clock.h"

namespace narrowgate::approval {

using namespace std::chrono_literals;

inline OperationFacts held(std::string statement = "UPDATE public.refunds SET state = 'void' WHERE batch = 7") {
  OperationFacts facts;
  facts.operation.connection = facts.session = "ses_1";
  facts.operation.grant = "grt_1";
  facts.operation.resource = "orders";
  facts.operation.ops = {{"pg:orders/public.refunds", "UPDATE"}};
  facts.operation.statement = std::move(statement);
  facts.operation.enforced = {500, 50, 1'048'576, 30s};
  facts.operation.policy = "sha256:9f2c";
  facts.decision = "dec_1";
  facts.task = "tsk_1";
  facts.agent = "refund-bot";
  facts.owner = "olu";
  facts.on_behalf_of = "human:kim@acme.example";
  facts.reason = "bulk write";
  facts.groups = {"orders-oncall", "dba"};
  facts.policies = {"P4"};
  facts.for_task = true;
  return facts;
}

inline Approver person(std::string name, std::vector<std::string> groups = {"orders-oncall"}) {
  const auto email = name + "@acme.example";
  return {std::move(name), email, std::move(groups), true, false};
}

// Rows as values, so that a test may fork the world. Can stop the process, so to speak, around its next write.
class MemoryApprovals final : public store::Approvals {
 public:
  enum class Crash { never, before_write, after_write };
  std::map<std::string, store::ApprovalRow, std::less<>> rows;
  Crash crash = Crash::never;

  Result<Added> add(const store::ApprovalRow& row, std::size_t) override {
    NG_TRY(auto there, live(row.digest));
    if (there) return Added{*there, false};
    NG_TRY_VOID(write(row));
    return Added{row, true};
  }
  Result<std::optional<store::ApprovalRow>> find(std::string_view id) override {
    const auto found = rows.find(id);
    return found == rows.end() ? std::optional<store::ApprovalRow>() : found->second;
  }
  Result<std::optional<store::ApprovalRow>> live(std::string_view digest) override {
    for (const auto& [id, row] : rows)
      if (row.digest == digest && (row.state == "pending" || row.state == "approved")) return std::optional(row);
    return std::optional<store::ApprovalRow>();
  }
  Result<std::optional<store::ApprovalRow>> denied(std::string_view operation, WallTime since) override {
    for (const auto& [id, row] : rows)
      if (row.operation == operation && row.state == "denied" && row.decided >= since) return std::optional(row);
    return std::optional<store::ApprovalRow>();
  }
  Result<Done> replace(const store::ApprovalRow& row) override {
    if (rows.at(row.id).version != row.version) return Error{Code::conflict, Blame::gateway, "changed"};
    auto next = row;
    next.version += 1;
    return write(next);
  }
  Result<std::vector<store::ApprovalRow>> list(const store::ApprovalFilter& filter) override {
    std::vector<store::ApprovalRow> out;
    for (const auto& [id, row] : rows)
      if ((filter.states.empty() || std::find(filter.states.begin(), filter.states.end(), row.state) != filter.states.end()) &&
          (!filter.expired_by || row.expires <= *filter.expired_by))
        out.push_back(row);
    return out;
  }

 private:
  Result<Done> write(const store::ApprovalRow& row) {
    const Error crashed{Code::unavailable, Blame::gateway, "crashed"};
    if (crash == Crash::before_write) return crashed;
    rows[row.id] = row;
    if (crash == Crash::after_write) return crashed;
    return Done{};
  }
};

}  // namespace narrowgate::approval
