#include "policy/cedar.h"

#include <limits>

namespace narrowgate::policy::cedar {
namespace {

constexpr std::size_t reasons_room = 64;  // more are fetched by asking again

Error failed(const Text& why) { return {Code::malformed, Blame::gateway, "cedar: " + why.str()}; }

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

ng_cedar_field flag(std::string_view name, bool value) { return {borrow(name), NG_CEDAR_BOOL, value, {}, nullptr, 0}; }
ng_cedar_field number(std::string_view name, std::int64_t value) { return {borrow(name), NG_CEDAR_LONG, value, {}, nullptr, 0}; }
ng_cedar_field text(std::string_view name, std::string_view value) {
  return {borrow(name), NG_CEDAR_STRING, 0, borrow(value), nullptr, 0};
}
ng_cedar_field instant(std::string_view name, std::string_view value) {
  return {borrow(name), NG_CEDAR_INSTANT, 0, borrow(value), nullptr, 0};
}

// No limit is the greatest number, so that "at most" fails closed.
ng_cedar_field limit(std::string_view name, std::uint64_t value) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return number(name, value == 0 || value > std::uint64_t(most) ? most : std::int64_t(value));
}

// Borrows from the Context it is made of.
class Fields {
 public:
  explicit Fields(const Context& context) {
    const auto& enforced = context.enforced;
    enforced_ = {limit("maxRowsRead", enforced.rows_read_max), limit("maxRowsWritten", enforced.rows_written_max),
                 limit("maxBytes", enforced.bytes_max),
                 limit("timeoutMs", std::uint64_t(std::max<std::int64_t>(0, enforced.statement_max.count())))};
    all_ = {instant("now", context.now),       text("verb", context.verb),
            text("danger", context.danger),    flag("classified", context.classified),
            flag("inScope", context.in_scope), flag("automatic", context.automatic),
            flag("catalog", context.catalog),  flag("hasWhere", context.has_where),
            flag("masked", context.masked),    record("enforced", enforced_)};
    if (context.approval) add(*context.approval);
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  const std::vector<ng_cedar_field>& all() const { return all_; }

 private:
  static ng_cedar_field record(std::string_view name, const std::vector<ng_cedar_field>& fields) {
    return {borrow(name), NG_CEDAR_RECORD, 0, {}, fields.data(), fields.size()};
  }
  void add(const Agreement& approval) {
    for (const auto& approver : approval.approvers) approvers_.push_back(borrow(approver));
    approval_ = {flag("digestMatches", approval.digest_matches),
                 {borrow("approvers"), NG_CEDAR_ENTITIES, 0, {}, approvers_.data(), approvers_.size()},
                 number("quorum", approval.quorum),
                 instant("expiresAt", approval.expires)};
    all_.push_back(record("approval", approval_));
  }

  std::vector<ng_cedar_field> enforced_, approval_, all_;
  std::vector<ng_cedar_uid> approvers_;
};

Result<Circumstances> tell(const ng_cedar_set& set, std::span<const ng_cedar_field> fields) {
  Text why;
  Circumstances made(ng_cedar_context_new(&set, fields.data(), fields.size(), why.out()));
  if (!made) return failed(why);
  return made;
}

ng_cedar_request request_of(const Ask& ask) { return {borrow(ask.principal), borrow(ask.action), borrow(ask.resource)}; }

Answer evaluate(const Ask& ask, std::size_t room) {
  Answer out;
  out.reasons.resize(room);
  const auto request = request_of(ask);
  ng_cedar_answer answer{0, out.reasons.data(), room, 0, 0};
  Text errors;
  const bool decided = ng_cedar_evaluate(&ask.policies, &ask.entities, &request, &ask.context, &answer, errors.out()) == 0;
  if (decided && answer.reason_count > room) return evaluate(ask, answer.reason_count);
  out.reasons.resize(decided ? answer.reason_count : 0);
  out.errors = lines(errors.view());
  if (!decided && out.errors.empty()) out.errors.emplace_back("cedar did not answer");
  out.permitted = decided && answer.permitted == 1 && out.errors.empty();
  return out;
}

}  // namespace

Result<Entities> entities_from(const ng_cedar_set& set, std::string_view json) {
  Text why;
  Entities made(ng_cedar_entities_new(&set, borrow(json), why.out()));
  if (!made) return failed(why);
  return made;
}

Result<Entities> entities_with(const ng_cedar_set& set, const ng_cedar_entities& base, std::span<const Object> objects) {
  std::vector<std::vector<ng_cedar_uid>> parents;
  std::vector<ng_cedar_object> borrowed;
  parents.reserve(objects.size());
  for (const auto& object : objects) {
    auto& mine = parents.emplace_back();
    for (const auto& parent : object.parents) mine.push_back(borrow(parent));
    borrowed.push_back({borrow(object.uid), mine.data(), mine.size()});
  }
  Text why;
  Entities made(ng_cedar_entities_with(&set, &base, borrowed.data(), borrowed.size(), why.out()));
  if (!made) return failed(why);
  return made;
}

Result<Policies> policies_for(const ng_cedar_set& set, const ng_cedar_entities& entities, const Uid& principal,
                              std::span<const std::string_view> actions) {
  std::vector<ng_str> names;
  for (const auto action : actions) names.push_back(borrow(action));
  Text why;
  Policies made(ng_cedar_slice_new(&set, &entities, borrow(principal), names.data(), names.size(), why.out()));
  if (!made) return failed(why);
  return made;
}

Result<Circumstances> tell(const ng_cedar_set& set, const Context& context) { return tell(set, Fields(context).all()); }

Result<Circumstances> tell_time(const ng_cedar_set& set, const std::string& now) {
  const ng_cedar_field only = instant("now", now);
  return tell(set, std::span(&only, 1));
}

Answer evaluate(const Ask& ask) { return evaluate(ask, reasons_room); }

Result<std::string> explain(const Ask& ask) {
  const auto request = request_of(ask);
  Text out;
  if (ng_cedar_explain(&ask.policies, &ask.entities, &request, &ask.context, out.out()) != 0) return failed(out);
  return out.str();
}

}  // namespace narrowgate::policy::cedar
