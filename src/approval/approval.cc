#include "approval/approval.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "approval/preview_json.h"
#include "approval/row.h"
#include "approval/text_json.h"
#include "base/bytes.h"

namespace narrowgate::approval {
namespace {

constexpr std::array kReasons{DenyReason::wrong_target, DenyReason::too_broad, DenyReason::need_ticket, DenyReason::not_now,
                              DenyReason::use_instead};

template <class T>
T stricter(T a, T b) {
  if (a == T{}) return b;
  return b == T{} ? a : std::min(a, b);
}
template <class T>
bool at_most(T inner, T outer) {
  return outer == T{} || (inner != T{} && inner <= outer);
}

json::array list_of(const std::vector<std::string>& items) { return json::array(items.begin(), items.end()); }

// Words of the upstream's.
json::array shown_lines(const std::vector<std::string>& lines) {
  json::array out;
  for (const std::string& line : lines) out.emplace_back(visible(line));
  return out;
}

json::object shown(const Vote& vote) {
  json::object out{{"person", vote.person}, {"agreed", vote.agreed}, {"words", visible(vote.words)}, {"at", to_rfc3339(vote.at)}};
  if (!vote.reason.empty()) out["reason"] = vote.reason;
  if (vote.agreed) out["reach"] = vote.terms.reach == Reach::once ? "once" : "for_task";
  return out;
}

}  // namespace

std::string_view to_string(DenyReason reason) {
  switch (reason) {
    case DenyReason::wrong_target: return "wrong_target";
    case DenyReason::too_broad: return "too_broad";
    case DenyReason::need_ticket: return "need_ticket";
    case DenyReason::not_now: return "not_now";
    case DenyReason::use_instead: return "use_instead";
  }
  return "unknown";
}

Result<DenyReason> deny_reason_from(std::string_view text) {
  for (const DenyReason reason : kReasons)
    if (to_string(reason) == text) return reason;
  return Error{Code::malformed, Blame::client,
               fmt::format("\"{}\" is not a reason; give wrong_target, too_broad, need_ticket, not_now or use_instead", text)};
}

Enforced meet(const Enforced& a, const Enforced& b) {
  return {stricter(a.rows_read_max, b.rows_read_max), stricter(a.rows_written_max, b.rows_written_max),
          stricter(a.bytes_max, b.bytes_max), stricter(a.statement_max, b.statement_max)};
}

bool within(const Enforced& inner, const Enforced& outer) {
  return at_most(inner.rows_read_max, outer.rows_read_max) && at_most(inner.rows_written_max, outer.rows_written_max) &&
         at_most(inner.bytes_max, outer.bytes_max) && at_most(inner.statement_max, outer.statement_max);
}

unsigned Approval::agreed() const {
  std::set<std::string_view> people;
  for (const Vote& vote : votes)
    if (vote.agreed) people.insert(vote.person);
  return unsigned(people.size());
}

std::string Approval::shown_statement() const { return visible(facts.operation.statement); }

std::vector<std::string> Approval::shown_parameters() const {
  std::vector<std::string> out;
  for (const auto& parameter : facts.operation.parameters) out.push_back(visible(parameter));
  return out;
}

json::object to_json(const Approval& approval) {
  const OperationFacts& facts = approval.facts;
  json::array votes;
  for (const Vote& vote : approval.votes) votes.push_back(shown(vote));
  json::object out{{"id", approval.id},
                   {"state", to_string(approval.state)},
                   {"digest", approval.digest},
                   {"decision", facts.decision},
                   {"session", facts.session},
                   {"grant", facts.operation.grant},
                   {"task", facts.task},
                   {"agent", facts.agent},
                   {"template", facts.template_name},
                   {"resource", facts.operation.resource},
                   {"owner", facts.owner},
                   {"on_behalf_of", facts.on_behalf_of},
                   {"reason", facts.reason},
                   {"agent_reason", visible(facts.agent_reason)},
                   {"effects", list_of(facts.effects)},
                   {"declared", list_of(facts.declared)},
                   {"plan", shown_lines(facts.preview.plan)},
                   {"preview", shown_preview(facts.preview)},
                   {"policies", list_of(facts.policies)},
                   {"groups", list_of(facts.groups)},
                   {"quorum", facts.quorum},
                   {"for_task", facts.for_task},
                   {"agreed", approval.agreed()},
                   {"votes", std::move(votes)},
                   {"ceiling", enforced_to_json(approval.ceiling)},
                   {"uses_left", approval.uses_left},
                   {"created", to_rfc3339(approval.created)},
                   {"expires", to_rfc3339(approval.expires)},
                   {"statement_shown", approval.shown_statement()},
                   {"parameters_shown", list_of(approval.shown_parameters())}};
  put_text(out, "statement", facts.operation.statement);
  put_texts(out, "parameters", facts.operation.parameters);
  if (approval.decided) out["decided"] = to_rfc3339(*approval.decided);
  if (!approval.ended_because.empty()) out["ended_because"] = visible(approval.ended_because);
  return out;
}

}  // namespace narrowgate::approval
