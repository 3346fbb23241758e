#include "protocol/postgres/sql/catalog_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

namespace narrowgate::postgres {
namespace {

using queries::Part;

constexpr std::size_t kChangedRelationsMax = 500;  // more are read with all the others

struct Question {
  std::string_view sql;
  std::initializer_list<Part> rests_on;  // the parts that its answer is made of
};

const Question kQuestions[] = {
    {queries::login, {}},
    {queries::schemas, {Part::schema}},
    {queries::settings, {Part::extension}},
    {queries::relations, {}},
    {queries::relation_facts,
     {Part::relation, Part::index, Part::function, Part::operator_class, Part::support_function, Part::partitioned}},
    {queries::children, {Part::inheritance}},
    {queries::triggers, {Part::trigger}},
    {queries::rules, {Part::rewrite}},
    {queries::references, {Part::constraint}},
    {queries::policies, {Part::policy}},
    {queries::checks, {Part::constraint, Part::index, Part::partitioned}},
    {queries::functions, {Part::function, Part::trigger, Part::extension}},
    {queries::aggregates, {Part::aggregate}},
    {queries::builtins, {Part::function}},
    {queries::operators, {Part::operator_, Part::support_operator, Part::support_function}},
    {queries::casts, {Part::cast}},
    {queries::types, {Part::type}},
    {queries::type_parts, {Part::range, Part::type}},
    {queries::type_functions, {Part::range, Part::operator_class, Part::support_function, Part::function}},
    {queries::type_checks, {Part::constraint}},
    {queries::event_triggers, {Part::event_trigger}},
};

// What expressions are printed with the names of. Relations, the usual case, are looked at one by one.
constexpr Part kNaming[] = {Part::function, Part::type, Part::operator_, Part::schema};

Error wrong(std::string_view what) {
  return Error{Code::malformed, Blame::upstream, fmt::format("catalog: an answer of another shape than asked for: {}", what)};
}

long long count(const std::string& text) {
  long long out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Oid oid(const Rows::value_type& row) { return row.empty() || !row[0] ? 0 : Oid(count(*row[0])); }

std::unordered_set<Oid> oids(std::string_view spaced) {
  std::unordered_set<Oid> out;
  for (std::size_t at = 0; at < spaced.size(); at = std::min(spaced.find(' ', at), spaced.size() - 1) + 1)
    out.insert(Oid(count(std::string(spaced.substr(at, 12)))));
  return out;
}

// Takes the new ones in and the dropped ones out; whether there were any. nullopt: one that was known reads otherwise now.
std::optional<bool> merge(Rows& known, Rows fresh, const std::unordered_set<Oid>& there) {
  std::unordered_map<Oid, const Rows::value_type*> known_by_oid;
  for (const auto& row : known) known_by_oid.emplace(oid(row), &row);
  for (const auto& row : fresh)
    if (const auto before = known_by_oid.find(oid(row)); before != known_by_oid.end() && *before->second != row)
      return std::nullopt;
  std::erase_if(fresh, [&](const auto& row) { return known_by_oid.contains(oid(row)); });
  const std::size_t gone =
      std::erase_if(known, [&](const auto& row) { return oid(row) >= first_user_oid && !there.contains(oid(row)); });
  const bool differs = gone > 0 || !fresh.empty();
  const auto middle = std::ptrdiff_t(known.size());
  std::move(fresh.begin(), fresh.end(), std::back_inserter(known));
  std::inplace_merge(known.begin(), known.begin() + middle, known.end(),
                     [](const auto& a, const auto& b) { return oid(a) < oid(b); });
  return differs;
}

}  // namespace

const Rows& CatalogAnswers::to(std::string_view question) const {
  static const Rows none;
  const auto found = answers_.find(question);
  return found == answers_.end() ? none : found->second;
}

Result<bool> CatalogAnswers::renew(const QueryFn& query) {
  NG_TRY_VOID(query(queries::begin));
  Result<bool> changed = renew_inside(query);
  if (!changed.ok()) horizon_.reset();
  const Result<Rows> ended = query(queries::end);
  if (changed.ok() && !ended.ok()) {
    horizon_.reset();
    return ended.error();
  }
  return changed;
}

Result<bool> CatalogAnswers::renew_inside(const QueryFn& query) {
  NG_TRY(const Rows rows, query(queries::snapshot));
  if (rows.size() != 1 || rows[0].size() != 3 || !rows[0][0] || !rows[0][1]) return wrong("snapshot");
  Horizon now{*rows[0][0], *rows[0][1], rows[0][2] == "t"};
  if (!horizon_) {
    NG_TRY_VOID(ask_all(query));
    NG_TRY(states_, ask_states(query, now.xid));
    horizon_ = std::move(now);
    return true;
  }
  NG_TRY(bool changed, ask(query, queries::login));  // settings change without a transaction
  if (horizon_->snapshot == now.snapshot) return changed;
  NG_TRY(States states, ask_states(query, horizon_->xid));
  NG_TRY(const bool differs, ask_changed(query, states));
  changed = changed || differs;
  if (now.nothing_ran) {
    for (State& state : states) state = {.rows = state.rows, .fresh = "0", .versions = ""};
  } else {
    NG_TRY(states, ask_states(query, now.xid));
  }
  states_ = std::move(states);
  horizon_ = std::move(now);
  return changed;
}

Result<CatalogAnswers::States> CatalogAnswers::ask_states(const QueryFn& query, std::string_view xid) {
  NG_TRY(const Rows rows, query(queries::parts(xid)));
  States out;
  for (const auto& row : rows)
    if (const Oid part = oid(row); row.size() == 4 && part < out.size())
      out[part] = {row[1].value_or(""), row[2].value_or(""), row[3].value_or("")};
  return out;
}

Result<bool> CatalogAnswers::ask_changed(const QueryFn& query, const States& now) {
  Parts changed;
  bool renamed = false;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const State &was = states_[i], &is = now[i];
    changed[i] = was != is;
    const long long more = count(is.rows) - count(was.rows), fresh = count(is.fresh);
    // Exact only if nothing was fresh when they were last read.
    const bool added_or_gone = count(was.fresh) == 0 && (more == fresh || (fresh == 0 && more < 0));
    const bool naming = std::find(std::begin(kNaming), std::end(kNaming), Part(i)) != std::end(kNaming);
    renamed = renamed || (changed[i] && naming && !added_or_gone);
  }
  if (changed[std::size_t(Part::setting)])
    return Error{Code::unavailable, Blame::upstream, "catalog: what is set for logins has changed; a new login will see it"};
  NG_TRY(const std::optional<bool> relations, ask_relations(query));
  if (renamed || !relations) return ask_all(query);
  const auto rests_on = [&](const Question& question) {
    return std::any_of(question.rests_on.begin(), question.rests_on.end(), [&](Part part) { return changed[std::size_t(part)]; });
  };
  bool differs = *relations;
  for (const Question& question : kQuestions) {
    if (!rests_on(question)) continue;
    NG_TRY(const bool other, ask(query, question.sql));
    differs = differs || other;
  }
  return differs;
}

Result<std::optional<bool>> CatalogAnswers::ask_relations(const QueryFn& query) {
  NG_TRY(const Rows named, query(queries::changed_relations(horizon_->xid)));
  if (named.size() > kChangedRelationsMax) return std::optional<bool>();
  std::vector<std::string> changed;
  for (const auto& row : named)
    if (!row.empty() && row[0]) changed.push_back(*row[0]);
  NG_TRY(Rows fresh, query(queries::relations_of(changed)));
  NG_TRY(const Rows all, query(queries::relation_oids));
  if (all.size() != 1 || all[0].size() != 1) return wrong("relation oids");
  return merge(answers_[queries::relations], std::move(fresh), oids(all[0][0].value_or("")));
}

Result<bool> CatalogAnswers::ask_all(const QueryFn& query) {
  bool differs = false;
  for (const Question& question : kQuestions) {
    NG_TRY(const bool other, ask(query, question.sql));
    differs = differs || other;
  }
  return differs;
}

Result<bool> CatalogAnswers::ask(const QueryFn& query, std::string_view question) {
  NG_TRY(Rows rows, query(question));
  Rows& known = answers_[question];
  const bool differs = known != rows;
  known = std::move(rows);
  return differs;
}

}  // namespace narrowgate::postgres
