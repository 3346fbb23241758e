#include "approval/duties.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/limits.h"

namespace narrowgate::approval {
namespace {

Error refuse(const Approver& person, std::string_view why) {
  return {Code::refused, Blame::client, fmt::format("{} may not decide this: {}", person.name, why)};
}

// Names of people come as names, as e-mail addresses and with "human:" before them; addresses in any case. Fails closed: a match
// in any of these is a match.
std::string plain(std::string_view name) {
  constexpr std::string_view prefix = "human:";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return out;
}

bool is_same(const Approver& person, std::string_view who) {
  if (who.empty()) return false;
  const auto name = plain(who);
  return name == plain(person.name) || (!person.email.empty() && name == plain(person.email));
}

bool is_asked(const Approver& person, const std::vector<std::string>& groups) {
  return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
    return std::find(person.groups.begin(), person.groups.end(), group) != person.groups.end();
  });
}

std::size_t size_of(const std::vector<std::string>& texts) {
  std::size_t total = 0;
  for (const auto& text : texts) total += text.size();
  return total;
}

}  // namespace

Result<Done> check_duties(const Approver& person, const Approval& approval) {
  const OperationFacts& facts = approval.facts;
  if (person.name.empty()) return refuse(person, "a person without a name");
  if (!person.approver) return refuse(person, "not an approver; ask for that role");
  if (is_same(person, facts.owner))
    return refuse(person, fmt::format("the owner of {} cannot approve its operations; ask somebody else", facts.agent));
  if (is_same(person, facts.on_behalf_of)) return refuse(person, "it is done on their behalf; ask somebody else");
  if (!is_asked(person, facts.groups)) return refuse(person, fmt::format("not in {}", fmt::join(facts.groups, " or ")));
  return Done{};
}

Result<Done> check_terms(const Terms& terms, const OperationFacts& facts, WallTime now) {
  const auto bad = [](std::string what) { return Error{Code::malformed, Blame::client, std::move(what)}; };
  if (terms.uses == 0 || terms.uses > uses_max) return bad(fmt::format("an approval is for 1 to {} uses", uses_max));
  if (terms.reach == Reach::once && terms.uses != 1) return bad("once is one use; approve for the task to allow more");
  if (terms.reach == Reach::for_task && !facts.for_task)
    return bad("the policy wants every run of this approved by itself; approve it once");
  if (terms.until && *terms.until <= now) return bad("the approval would end before it begins; give a later time");
  if (terms.ceiling && !within(*terms.ceiling, facts.operation.enforced))
    return bad("the ceiling is above what the gateway will enforce; only a lower one can be set");
  return Done{};
}

std::optional<Unfit> unfit(const OperationFacts& facts) {
  const auto too_large = [](std::string_view what, std::size_t is, std::size_t most) {
    return Unfit{Unfit::Why::too_large,
                 fmt::format("{} of {} bytes cannot be shown to a person whole; at most {} can", what, is, most)};
  };
  const BoundOperation& operation = facts.operation;
  if (operation.statement.size() > statement_shown_max)
    return too_large("a statement", operation.statement.size(), statement_shown_max);
  if (size_of(operation.parameters) > parameters_bytes_max)
    return too_large("parameters", size_of(operation.parameters), parameters_bytes_max);
  if (operation.parameters.size() > parameters_max)
    return Unfit{Unfit::Why::too_large,
                 fmt::format("{} parameters; at most {} can be shown", operation.parameters.size(), parameters_max)};
  if (operation.meaning.size() > parameters_bytes_max)
    return too_large("settings", operation.meaning.size(), parameters_bytes_max);
  if (facts.agent_reason.size() > limits::reason_bytes_max)
    return too_large("a reason", facts.agent_reason.size(), limits::reason_bytes_max);
  if (facts.groups.empty())
    return Unfit{Unfit::Why::nobody_may,
                 "no group may approve it; name one in the policy's @approval or the resource's approvers"};
  if (facts.quorum == 0 || facts.quorum > quorum_max)
    return Unfit{Unfit::Why::nobody_may,
                 fmt::format("{} approvers are asked for; between 1 and {} can be", facts.quorum, quorum_max)};
  return std::nullopt;
}

}  // namespace narrowgate::approval
