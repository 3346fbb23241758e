#include "policy/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace narrowgate::policy {
namespace {

constexpr std::array<std::string_view, 9> known_annotations{
    "id", "approval", "approval_reason", "approval_quorum", "approval_ttl", "approval_scope", "advice", "risk", "keep"};

Complaint about(const PolicyInfo& policy, std::string fault, std::string remedy) {
  return {policy.file, policy.line, 1, policy.id, std::move(fault), std::move(remedy)};
}

bool applies_to(const PolicyInfo& policy, const std::string& action) {
  return std::find(policy.actions.begin(), policy.actions.end(), action) != policy.actions.end();
}

// Does a forbid hold this action to as many people?
bool has_floor(const Library& library, const std::string& action, unsigned quorum) {
  return std::any_of(library.policies.begin(), library.policies.end(), [&](const auto& policy) {
    return policy.effect == PolicyEffect::forbid && policy.quorum >= quorum && applies_to(policy, action);
  });
}

// Another permit that lets the action through with fewer people.
const PolicyInfo* undercut(const Library& library, const PolicyInfo& policy, const std::string& action) {
  for (const auto& other : library.policies)
    if (&other != &policy && other.effect == PolicyEffect::permit && other.quorum < policy.quorum && applies_to(other, action))
      return &other;
  return nullptr;
}

// Permits add up, so the least demanding one decides: a floor must be a forbid.
void lint_floor(const Library& library, const PolicyInfo& policy, std::vector<Complaint>& out) {
  if (policy.effect != PolicyEffect::permit || policy.quorum == 0) return;
  for (const auto& action : policy.actions) {
    const auto* other = has_floor(library, action, policy.quorum) ? nullptr : undercut(library, policy, action);
    if (other == nullptr) continue;
    out.push_back(
        about(policy,
              fmt::format("asks for {} approval{} only as a condition of a permit, and {} permits {} with {}", policy.quorum,
                          policy.quorum == 1 ? "" : "s", other->id, action,
                          other->quorum == 0 ? "none" : std::to_string(other->quorum)),
              fmt::format("write the floor as forbid … unless {{ context has approval && context.approval.quorum >= {} }}",
                          policy.quorum)));
    return;
  }
}

void lint_annotations(const PolicyInfo& policy, std::vector<Complaint>& out) {
  for (const auto& [name, value] : policy.annotations)
    if (std::find(known_annotations.begin(), known_annotations.end(), name) == known_annotations.end())
      out.push_back(about(policy, fmt::format("has @{}, which nothing reads", name), "check its spelling, or leave it out"));
  if (policy.annotations.contains("approval") && policy.quorum == 0)
    out.push_back(about(policy, "names approvers, and its conditions never look at an approval",
                        "add: context has approval && context.approval.quorum >= 1"));
  if (const auto found = policy.annotations.find("id"); found == policy.annotations.end() || found->second.empty())
    out.push_back(about(policy, "has no name", fmt::format("add @id(\"…\") so that refusals and records can name it")));
}

void lint_quorum(const Marks& marks, const PolicyInfo& policy, std::vector<Complaint>& out) {
  if (marks.quorum != 0 && marks.quorum != policy.quorum)
    out.push_back(about(policy,
                        fmt::format("says @approval_quorum(\"{}\") and its conditions ask for {}", marks.quorum, policy.quorum),
                        "make them the same: the greater of both is asked"));
}

}  // namespace

std::vector<Complaint> lint(const Library& library) {
  std::vector<Complaint> out;
  for (std::size_t i = 0; i < library.policies.size(); ++i) {
    const auto& policy = library.policies[i];
    lint_floor(library, policy, out);
    lint_annotations(policy, out);
    lint_quorum(library.marks[i], policy, out);
  }
  return out;
}

}  // namespace narrowgate::policy
