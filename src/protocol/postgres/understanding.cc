#include "protocol/postgres/understanding.h"

#include "base/limits.h"
#include "protocol/postgres/gateway_call.h"
#include "protocol/postgres/numberless.h"

namespace narrowgate::postgres {
namespace {

bool declares(const std::vector<StatementFacts>& statements, std::string_view cursor) {
  for (const StatementFacts& facts : statements)
    for (const Change& change : facts.changes)
      if (change.what == Change::What::declare && change.name == cursor) return true;
  return false;
}

bool writes(const Effect& effect) { return effect.verb == "INSERT" || effect.verb == "UPDATE" || effect.verb == "COPY"; }

bool writes_masked_column(const Effect& effect, const Catalog& catalog) {
  if (!writes(effect) || !catalog.has_masked(effect.object)) return false;
  return effect.columns.empty() || std::any_of(catalog.masked().begin(), catalog.masked().end(), [&](const MaskedColumn& one) {
           return one.table == effect.object &&
                  std::find(effect.columns.begin(), effect.columns.end(), one.name) != effect.columns.end();
         });
}

void look_at_masked(Statement& out, Classified& classified, const Catalog& catalog, bool values_too) {
  if (values_too) {
    out.masks = every_answer(classified.statements, catalog);
    if (classified.operation.danger > Danger::session) out.constants = classified.constants;
    for (const StatementFacts& facts : classified.statements)
      if (facts.copies_out && !facts.copy_format.known)
        classified.operation.never = "COPY is asked to write its rows in a way that nobody here can read; leave the option out";
  }
  if (catalog.masked().empty()) return;
  if (!values_too) out.masks = masks_of(classified.statements, catalog);
  for (const Effect& effect : classified.operation.effects) {
    out.touches_masked |= catalog.has_masked(effect.object);
    out.writes_masked |= writes_masked_column(effect, catalog);
  }
  if (out.writes_masked) out.constants = std::move(classified.constants);
}

// In a text of its own it is answered without the upstream.
void keep_name(Operation& operation, const SessionState& state) {
  const auto names = [](const Effect& effect) {
    return effect.kind == ObjectKind::setting && effect.object == "application_name";
  };
  if (state.name_is_fixed() && std::any_of(operation.effects.begin(), operation.effects.end(), names))
    operation.never = "application_name tells the database which task this is; only SET application_name, alone, is answered";
}

std::shared_ptr<Statement> statement_of(Classified classified, const Catalog& catalog, const SessionState& state) {
  auto out = std::make_shared<Statement>();
  out->stamp_query = stamp_query(classified);
  look_at_masked(*out, classified, catalog, state.values_are_looked_into());
  keep_name(classified.operation, state);
  for (const StatementFacts& facts : classified.statements) {
    out->changes_meaning |= facts.changes_meaning;
    out->writes_rows |= facts.writes_rows;
    out->copies_in |= facts.copies_in;
    out->copies += facts.copies_in ? 1 : 0;
    if (!facts.fetches.empty() && !declares(classified.statements, facts.fetches)) out->fetches.push_back(facts.fetches);
    out->controls_transaction |= facts.controls_transaction;
    out->ends_transaction |= facts.ends_transaction;
    out->no_transaction |= facts.no_transaction;
    out->defines |= facts.defines;
    out->of_databases |= facts.of_databases;
  }
  out->operation = std::make_shared<const Operation>(std::move(classified.operation));
  out->facts = std::move(classified.statements);
  out->numbers_do_not_matter = classified.number_constants_free;
  out->rests_on_names = classified.rests_on_names;
  return out;
}

}  // namespace

std::shared_ptr<const Statement> not_understood(std::string why) {
  auto operation = std::make_shared<Operation>();
  operation->why = std::move(why);
  auto statement = std::make_shared<Statement>();
  statement->operation = std::move(operation);
  return statement;
}

std::shared_ptr<const Statement> doubted(const Statement& statement, std::string_view why) {
  auto out = std::make_shared<Statement>(statement);
  out->operation = not_understood(std::string(why))->operation;
  out->stamp_query.clear();
  return out;
}

void Understanding::begin(std::shared_ptr<const Catalog> catalog, const std::map<std::string, std::string>& parameters,
                          std::string user) {
  state_.begin(*catalog, parameters, std::move(user));
  refresh(catalog);
}

void Understanding::refresh(const std::shared_ptr<const Catalog>& catalog) {
  if (catalog == catalog_ && meaning_ == state_.meaning_id()) return;
  exact_.clear();
  numberless_.clear();
  catalog_ = catalog;
  meaning_ = state_.meaning_id();
  ++epoch_;
}

std::shared_ptr<const Statement> Understanding::recall(std::string_view text) {
  if (text.size() > limits::verdict_text_bytes_max) return nullptr;
  if (const auto found = exact_.find(text); found != exact_.end()) return found->second;
  if (numberless_.empty()) return nullptr;
  scratch_.clear();
  if (!cut_numbers(text, scratch_)) return nullptr;
  const auto found = numberless_.find(scratch_);
  return found == numberless_.end() ? nullptr : found->second;
}

void Understanding::remember(std::string_view text, std::shared_ptr<const Statement> statement) {
  if (text.size() > limits::verdict_text_bytes_max || statement->rests_on_names) return;
  if (statement->numbers_do_not_matter) {
    scratch_.clear();
    if (cut_numbers(text, scratch_)) {
      if (numberless_.size() >= limits::verdicts_cached_max) numberless_.clear();
      numberless_.insert_or_assign(scratch_, std::move(statement));
      return;
    }
  }
  if (exact_.size() >= limits::verdicts_cached_max) exact_.clear();
  exact_.insert_or_assign(std::string(text), std::move(statement));
}

std::shared_ptr<const Statement> Understanding::read(std::string_view text, const Catalog& catalog, const SessionState& state) {
  auto call = gateway_call(text);
  if (call && call->what == GatewayCall::What::name && !state.name_is_fixed()) call.reset();
  if (call) {
    Operation operation;
    operation.danger = Danger::read;
    operation.classified = true;
    operation.why = "answered by the gateway";
    auto out = std::make_shared<Statement>();
    out->operation = std::make_shared<const Operation>(std::move(operation));
    out->gateway_call = std::move(call);
    return out;
  }
  return statement_of(classify(text, catalog, state), catalog, state);
}

}  // namespace narrowgate::postgres
