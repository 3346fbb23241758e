#include "admin/endpoint.h"

namespace narrowgate::admin {
namespace {

using approval::Approval;

approval::Approver approver_of(const identity::Human& human) {
  return {human.name, human.email, human.groups, human.has(config::Role::approver), human.phishing_resistant};
}

// Whoever may decide, audit or operate may look.
Result<Done> may_look(const identity::Human& human) {
  using config::Role;
  for (const Role role : {Role::approver, Role::auditor, Role::operator_, Role::admin})
    if (human.has(role)) return Done{};
  return Error{Code::refused, Blame::client, fmt::format("{} has no role that may see approvals", human.name)};
}

Result<Answer> list(const Parts& parts, const Input& input) {
  NG_TRY_VOID(may_look(input.human));
  approval::Filter filter;
  if (const std::string state = input.query("state"); !state.empty() && state != "any") {
    NG_TRY(const approval::State wanted, approval::state_from(state));
    filter.states = {wanted};
  } else if (state.empty()) {
    filter.states = {approval::State::pending};
  }
  filter.task = input.query("task");
  filter.agent = input.query("agent");
  filter.resource = input.query("resource");
  NG_TRY(const auto approvals, parts.approvals.list(filter));
  json::array out;
  for (const Approval& approval : approvals) out.push_back(approval::to_json(approval));
  return Answer(json::object{{"approvals", out}});
}

Result<Answer> show(const Parts& parts, const Input& input) {
  NG_TRY_VOID(may_look(input.human));
  NG_TRY(const Approval approval, parts.approvals.show(input.parameter("id")));
  json::object out = approval::to_json(approval);
  const Result<Done> may = parts.approvals.may_decide(approver_of(input.human), approval);
  out["you_may_decide"] = may.ok();
  if (!may.ok()) out["because"] = may.error().detail;
  return Answer(std::move(out));
}

Result<std::uint64_t> number_at(const json::object& body, const char* name, std::uint64_t otherwise) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr) return otherwise;
  if (!value->is_int64() || value->get_int64() < 0)
    return Error{Code::malformed, Blame::client, fmt::format("\"{}\" is not a whole number", name)};
  return std::uint64_t(value->get_int64());
}

Result<Answer> approve(const Parts& parts, const Input& input) {
  NG_TRY(const std::string digest, string_at(input.body, "digest", "approval"));
  NG_TRY(const Approval asked, parts.approvals.show(input.parameter("id")));
  approval::Approve vote;
  NG_TRY(const std::uint64_t uses, number_at(input.body, "uses", 1));
  if (uses > 1) vote.terms = {approval::Reach::for_task, uses, std::nullopt, std::nullopt};
  NG_TRY(const std::uint64_t rows, number_at(input.body, "rows_max", 0));
  if (rows != 0) {
    vote.terms.ceiling = asked.ceiling;
    vote.terms.ceiling->rows_written_max = rows;
  }
  if (const json::value* words = input.body.if_contains("words"); words != nullptr && words->is_string())
    vote.words = words->get_string();
  NG_TRY(const Approval approval, parts.approvals.approve(asked.id, digest, approver_of(input.human), vote));
  return Answer(approval::to_json(approval));
}

Result<Answer> deny(const Parts& parts, const Input& input) {
  NG_TRY(const std::string digest, string_at(input.body, "digest", "denial"));
  NG_TRY(const std::string reason, string_at(input.body, "reason", "denial"));
  approval::Deny vote;
  NG_TRY(vote.reason, approval::deny_reason_from(reason));
  if (const json::value* words = input.body.if_contains("words"); words != nullptr && words->is_string())
    vote.words = words->get_string();
  NG_TRY(const Approval approval, parts.approvals.deny(input.parameter("id"), digest, approver_of(input.human), vote));
  return Answer(approval::to_json(approval));
}

// What agents asked for after a denial (narrowgate.request).
Result<Answer> requests(const Parts& parts, const Input& input) {
  NG_TRY_VOID(may_look(input.human));
  NG_TRY(const auto rows,
         parts.store.decisions().list(
             {.task = {}, .agent = input.query("agent"), .session = {}, .outcome = {}, .asked_only = true, .limit = 100}));
  json::array out;
  for (const store::DecisionRow& row : rows)
    out.push_back({{"decision", row.id},
                   {"agent", row.agent},
                   {"task", row.task},
                   {"resource", row.resource},
                   {"code", row.code},
                   {"why", visible(row.asked_why)},
                   {"facts", row.facts},
                   {"at", to_rfc3339(row.at)}});
  return Answer(json::object{{"requests", out}});
}

}  // namespace

std::vector<Endpoint> approval_endpoints() {
  const Field digest{"digest", "string", "of what was shown: sha256:…", true};
  return {
      {"GET",
       "/api/v1/approvals",
       "Operations on hold",
       Access::person,
       {},
       {{"state", "string", "pending (default), approved, denied, …, any"},
        {"task", "string", "tsk_…"},
        {"agent", "string", "its name"},
        {"resource", "string", "its name"}},
       list},
      {"GET", "/api/v1/approvals/{id}", "One of them, whole", Access::person, {}, {}, show},
      {"POST",
       "/api/v1/approvals/{id}/approve",
       "Agrees to exactly what was shown",
       Access::approver,
       {digest,
        {"uses", "integer", "how often, within this task (default 1)"},
        {"rows_max", "integer", "a lower ceiling of rows"},
        {"words", "string", "for the record"}},
       {},
       approve},
      {"POST",
       "/api/v1/approvals/{id}/deny",
       "Says no, with a reason the agent can act on",
       Access::approver,
       {digest,
        {"reason", "string", "wrong_target, too_broad, need_ticket, not_now or use_instead", true},
        {"words", "string", "for the agent"}},
       {},
       deny},
      {"GET",
       "/api/v1/requests",
       "What agents asked for after a denial",
       Access::person,
       {},
       {{"agent", "string", "its name"}},
       requests},
  };
}

}  // namespace narrowgate::admin
