#include "approval/row.h"

#include <fmt/format.h>

#include "approval/preview_json.h"
#include "approval/text_json.h"
#include "base/crypto.h"

namespace narrowgate::approval {
namespace {

Error bad(std::string_view what) {
  return {Code::malformed, Blame::gateway, fmt::format("stored approval: \"{}\" is missing or not what it should be", what)};
}

Result<std::int64_t> number_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return bad(key);
  return value->get_int64();
}
Result<bool> flag_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_bool()) return bad(key);
  return value->get_bool();
}
Result<std::optional<WallTime>> maybe_time_at(const json::object& object, std::string_view key) {
  if (!object.contains({key.data(), key.size()})) return std::optional<WallTime>();
  NG_TRY(const std::int64_t ms, number_at(object, key));
  return std::optional<WallTime>(from_unix_ms(ms));
}
Result<const json::object*> object_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_object()) return bad(key);
  return &value->get_object();
}
void put_time(json::object& object, std::string_view key, const std::optional<WallTime>& time) {
  if (time) object[json::string_view(key.data(), key.size())] = unix_ms(*time);
}

Result<Enforced> enforced_at(const json::object& object, std::string_view key) {
  NG_TRY(const json::object* const from, object_at(object, key));
  Enforced out;
  NG_TRY(out.rows_read_max, number_at(*from, "rows_read"));
  NG_TRY(out.rows_written_max, number_at(*from, "rows_written"));
  NG_TRY(out.bytes_max, number_at(*from, "bytes"));
  NG_TRY(const std::int64_t ms, number_at(*from, "statement_ms"));
  out.statement_max = std::chrono::milliseconds(ms);
  return out;
}

// ---- the operation

json::object bound_to_json(const BoundOperation& operation) {
  json::object out{{"enforced", enforced_to_json(operation.enforced)}};
  json::array ops;
  for (const BoundOp& op : operation.ops) ops.push_back(json::object{{"resource", op.resource}, {"verb", op.verb}});
  out["ops"] = std::move(ops);
  put_text(out, "connection", operation.connection);
  put_text(out, "grant", operation.grant);
  put_text(out, "resource", operation.resource);
  put_text(out, "statement", operation.statement);
  put_texts(out, "parameters", operation.parameters);
  put_text(out, "meaning", operation.meaning);
  put_text(out, "search_path", operation.search_path);
  put_text(out, "role", operation.role);
  put_text(out, "policy", operation.policy);
  return out;
}

Result<std::vector<BoundOp>> ops_at(const json::object& object) {
  const auto* list = object.if_contains("ops");
  if (list == nullptr || !list->is_array()) return bad("ops");
  std::vector<BoundOp> out;
  for (const auto& item : list->get_array()) {
    if (!item.is_object()) return bad("ops");
    BoundOp op;
    NG_TRY(op.resource, get_text(item.get_object(), "resource"));
    NG_TRY(op.verb, get_text(item.get_object(), "verb"));
    out.push_back(std::move(op));
  }
  return out;
}

Result<BoundOperation> bound_from_json(const json::object& object) {
  BoundOperation out;
  NG_TRY(out.connection, get_text(object, "connection"));
  NG_TRY(out.grant, get_text(object, "grant"));
  NG_TRY(out.resource, get_text(object, "resource"));
  NG_TRY(out.ops, ops_at(object));
  NG_TRY(out.statement, get_text(object, "statement"));
  NG_TRY(out.parameters, get_texts(object, "parameters"));
  NG_TRY(out.meaning, get_text(object, "meaning"));
  NG_TRY(out.search_path, get_text(object, "search_path"));
  NG_TRY(out.role, get_text(object, "role"));
  NG_TRY(out.policy, get_text(object, "policy"));
  NG_TRY(out.enforced, enforced_at(object, "enforced"));
  return out;
}

// ---- the facts

json::object facts_to_json(const OperationFacts& facts) {
  json::object out{{"operation", bound_to_json(facts.operation)}, {"quorum", facts.quorum}, {"wait_ms", facts.wait.count()}};
  put_text(out, "decision", facts.decision);
  put_text(out, "session", facts.session);
  put_text(out, "task", facts.task);
  put_text(out, "agent", facts.agent);
  put_text(out, "owner", facts.owner);
  put_text(out, "on_behalf_of", facts.on_behalf_of);
  put_text(out, "template", facts.template_name);
  put_text(out, "agent_reason", facts.agent_reason);
  put_text(out, "reason", facts.reason);
  put_texts(out, "groups", facts.groups);
  put_texts(out, "policies", facts.policies);
  put_texts(out, "effects", facts.effects);
  put_texts(out, "declared", facts.declared);
  out["preview"] = kept_preview(facts.preview);
  put_time(out, "not_after_ms", facts.not_after);
  if (facts.ttl) out["ttl_ms"] = facts.ttl->count();
  out["for_task"] = facts.for_task;
  return out;
}

Result<OperationFacts> facts_from_json(const json::object& object) {
  OperationFacts out;
  NG_TRY(const json::object* const operation, object_at(object, "operation"));
  NG_TRY(out.operation, bound_from_json(*operation));
  NG_TRY(out.decision, get_text(object, "decision"));
  NG_TRY(out.session, get_text(object, "session"));
  NG_TRY(out.task, get_text(object, "task"));
  NG_TRY(out.agent, get_text(object, "agent"));
  NG_TRY(out.owner, get_text(object, "owner"));
  NG_TRY(out.on_behalf_of, get_text(object, "on_behalf_of"));
  NG_TRY(out.template_name, get_text(object, "template"));
  NG_TRY(out.agent_reason, get_text(object, "agent_reason"));
  NG_TRY(out.reason, get_text(object, "reason"));
  NG_TRY(const std::int64_t quorum, number_at(object, "quorum"));
  out.quorum = unsigned(quorum);
  NG_TRY(out.groups, get_texts(object, "groups"));
  NG_TRY(out.policies, get_texts(object, "policies"));
  NG_TRY(out.effects, get_texts(object, "effects"));
  if (object.contains("preview")) {  // older rows have no preview, or its plan alone
    NG_TRY(const json::object* const preview, object_at(object, "preview"));
    NG_TRY(out.preview, preview_from_json(*preview));
    NG_TRY(out.declared, get_texts(object, "declared"));
  } else if (object.contains("plan") || object.contains("plan_b64")) {
    NG_TRY(out.preview.plan, get_texts(object, "plan"));
  }
  NG_TRY(const std::int64_t wait, number_at(object, "wait_ms"));
  out.wait = std::chrono::milliseconds(wait);
  NG_TRY(out.not_after, maybe_time_at(object, "not_after_ms"));
  if (object.contains("ttl_ms")) {
    NG_TRY(const std::int64_t ttl, number_at(object, "ttl_ms"));
    out.ttl = std::chrono::milliseconds(ttl);
  }
  NG_TRY(out.for_task, flag_at(object, "for_task"));
  return out;
}

// ---- votes

json::object vote_to_json(const Vote& vote) {
  json::object out{{"agreed", vote.agreed},
                   {"at_ms", unix_ms(vote.at)},
                   {"for_task", vote.terms.reach == Reach::for_task},
                   {"uses", vote.terms.uses},
                   {"phishing_resistant", vote.phishing_resistant}};
  put_text(out, "person", vote.person);
  put_text(out, "words", vote.words);
  put_text(out, "reason", vote.reason);
  put_text(out, "digest", vote.digest);
  if (vote.terms.ceiling) out["ceiling"] = enforced_to_json(*vote.terms.ceiling);
  put_time(out, "until_ms", vote.terms.until);
  return out;
}

Result<Vote> vote_from_json(const json::object& object) {
  Vote out;
  NG_TRY(out.person, get_text(object, "person"));
  NG_TRY(out.agreed, flag_at(object, "agreed"));
  NG_TRY(out.words, get_text(object, "words"));
  NG_TRY(out.reason, get_text(object, "reason"));
  NG_TRY(out.digest, get_text(object, "digest"));
  NG_TRY(const std::int64_t at, number_at(object, "at_ms"));
  out.at = from_unix_ms(at);
  NG_TRY(const bool for_task, flag_at(object, "for_task"));
  out.terms.reach = for_task ? Reach::for_task : Reach::once;
  NG_TRY(out.terms.uses, number_at(object, "uses"));
  if (object.contains("ceiling")) {
    NG_TRY(out.terms.ceiling, enforced_at(object, "ceiling"));
  }
  NG_TRY(out.terms.until, maybe_time_at(object, "until_ms"));
  NG_TRY(out.phishing_resistant, flag_at(object, "phishing_resistant"));
  return out;
}

Result<std::vector<Vote>> votes_from(std::string_view text) {
  NG_TRY(const json::value value, parse_json(text));
  if (!value.is_array()) return bad("votes");
  std::vector<Vote> out;
  for (const auto& item : value.get_array()) {
    if (!item.is_object()) return bad("votes");
    NG_TRY(Vote vote, vote_from_json(item.get_object()));
    out.push_back(std::move(vote));
  }
  return out;
}

Result<json::object> object_from(std::string_view text, std::string_view what) {
  NG_TRY(json::value value, parse_json(text));
  if (!value.is_object()) return bad(what);
  return std::move(value.get_object());
}

Enforced ceiling_of(const Approval& approval) {
  Enforced out = approval.facts.operation.enforced;
  for (const Vote& vote : approval.votes)
    if (vote.agreed && vote.terms.ceiling) out = meet(out, *vote.terms.ceiling);
  return out;
}

}  // namespace

json::object enforced_to_json(const Enforced& enforced) {
  return {{"rows_read", std::int64_t(enforced.rows_read_max)},
          {"rows_written", std::int64_t(enforced.rows_written_max)},
          {"bytes", std::int64_t(enforced.bytes_max)},
          {"statement_ms", enforced.statement_max.count()}};
}

std::string operation_key(const OperationFacts& facts) {
  json::object out;
  put_text(out, "agent", facts.agent);
  put_text(out, "resource", facts.operation.resource);
  put_text(out, "statement", facts.operation.statement);
  put_texts(out, "parameters", facts.operation.parameters);
  return sha256_hex(canonical(out));
}

store::ApprovalRow to_row(const Approval& approval, std::uint64_t version) {
  json::array votes;
  for (const Vote& vote : approval.votes) votes.push_back(vote_to_json(vote));
  json::object end;
  put_text(end, "because", approval.ended_because);
  const OperationFacts& facts = approval.facts;
  return {approval.id,
          std::string(to_string(approval.state)),
          approval.digest,
          operation_key(facts),
          facts.session,
          facts.operation.grant,
          facts.task,
          facts.agent,
          facts.operation.resource,
          facts.owner,
          facts.on_behalf_of,
          facts.quorum,
          approval.uses_left,
          approval.created,
          approval.expires,
          approval.decided,
          canonical(votes),
          canonical(facts_to_json(facts)),
          canonical(end),
          version};
}

Result<Approval> from_row(const store::ApprovalRow& row) {
  Approval out;
  out.id = row.id;
  NG_TRY(out.state, state_from(row.state));
  out.digest = row.digest;
  NG_TRY(const json::object facts, object_from(row.facts, "facts"));
  NG_TRY(out.facts, facts_from_json(facts));
  NG_TRY(out.votes, votes_from(row.votes));
  NG_TRY(const json::object end, object_from(row.end, "ending"));
  NG_TRY(out.ended_because, get_text(end, "because"));
  out.uses_left = row.uses_left;
  out.created = row.created;
  out.expires = row.expires;
  out.decided = row.decided;
  out.ceiling = ceiling_of(out);
  // What a person is shown and what the digest is of are the same bytes, or nobody decides on them.
  if (op_digest(out.facts.operation) != out.digest) return bad("digest");
  return out;
}

}  // namespace narrowgate::approval
