// PostgresConversation: what a text means now, after everything on its way that could change that, against the catalog as it is.
#include "base/limits.h"
#include "base/log.h"
#include "protocol/postgres/conversation.h"

namespace narrowgate::postgres {
namespace {

// Words that no setting can make into something else.
bool is_plain(std::string_view text) {
  const auto plain = [](char c) {
    return std::isalnum(Byte(c)) || c == '_' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ';';
  };
  return std::all_of(text.begin(), text.end(), plain);
}

// COMMIT, ROLLBACK and such, by itself: the way out of every uncertainty.
bool only_ends_transaction(std::string_view text, const Statement& statement) {
  return statement.facts.size() == 1 && statement.facts[0].ends_transaction && statement.operation->danger <= Danger::session &&
         is_plain(text);
}

}  // namespace

// What is remembered of a text, if nothing has happened that could matter.
PostgresConversation::StatementPtr PostgresConversation::recall(std::string_view text) {
  return settled_and_certain() ? understanding_.recall(text) : nullptr;
}

Task<Result<PostgresConversation::StatementPtr>> PostgresConversation::understand(std::string_view text) {
  NG_CO_TRY(const bool catalog_is_there, co_await look_around());
  if (!catalog_is_there) co_return not_understood("the catalog cannot be read now");
  const bool names_move = answers_.names_at_stake();
  NG_CO_TRY(StatementPtr statement, co_await read(text));
  if (statement->rests_on_names && names_move) {
    NG_CO_TRY_VOID(co_await until(&PostgresConversation::names_settled));
    NG_CO_TRY_VOID(co_await look_around());
    NG_CO_TRY(statement, co_await read(text));
  }
  const std::string_view doubt = uncertain();
  if (doubt.empty() || statement->gateway_call || only_ends_transaction(text, *statement)) co_return statement;
  co_return doubted(*statement, doubt);
}

// A text that was read before, if it means the same for certain.
PostgresConversation::StatementPtr PostgresConversation::recall(const Prepared& prepared) {
  const bool same = settled_and_certain() && prepared.epoch == understanding_.epoch() && !prepared.statement->rests_on_names;
  return same ? prepared.statement : nullptr;
}

// A text that was read before: again, unless nothing has happened that could matter.
Task<Result<PostgresConversation::StatementPtr>> PostgresConversation::understand_again(const Prepared& prepared) {
  if (prepared.statement->gateway_call) co_return prepared.statement;
  NG_CO_TRY(const bool catalog_is_there, co_await look_around());
  if (catalog_is_there && prepared.epoch == epoch() && prepared.epoch != 0 && !prepared.statement->rests_on_names)
    co_return prepared.statement;
  co_return co_await understand(prepared.text);
}

Task<Result<PostgresConversation::StatementPtr>> PostgresConversation::read(std::string_view text) {
  if (auto known = understanding_.recall(text)) co_return known;
  StatementPtr statement;
  if (text.size() <= limits::parse_inline_bytes_max) {
    statement = Understanding::read(text, *understanding_.catalog(), understanding_.state());
  } else {
    // On another thread, with a state of its own: this one's goes on being changed by answers.
    const std::shared_ptr<const Catalog> catalog = understanding_.catalog();
    const SessionState state = understanding_.state();
    statement = co_await common_.pool.run(client_.stream().loop(), [&] { return Understanding::read(text, *catalog, state); });
  }
  understanding_.remember(text, statement);
  co_return statement;
}

// Whether there is a catalog that may be used, and is by now.
Task<Result<bool>> PostgresConversation::look_around() {
  NG_CO_TRY_VOID(co_await settle_meaning());
  if (take_up_catalog()) co_return true;
  (void)co_await catalog_->look(common_.pool, client_.stream().loop());
  co_return take_up_catalog();
}

bool PostgresConversation::take_up_catalog() {
  if (catalog_->is_current(understanding_.catalog().get())) {
    understanding_.refresh(understanding_.catalog());
    return true;
  }
  const std::shared_ptr<const Catalog> catalog = catalog_->current();
  if (catalog) understanding_.refresh(catalog);
  return catalog != nullptr;
}

// Is nothing on its way, or new, that must be waited for before a text can be judged?
bool PostgresConversation::meaning_is_settled() const {
  return !answers_.meaning_at_stake() && (!definitions_changed_ || definitions_in_transaction_) &&
         (!meaning_changed_ || answers_.work_since_sync());
}

bool PostgresConversation::settled_and_certain() { return meaning_is_settled() && uncertain().empty() && take_up_catalog(); }

// Waits for what may change the meaning of later texts, then looks at what it has become.
Task<Result<Done>> PostgresConversation::settle_meaning() {
  if (answers_.meaning_at_stake()) NG_CO_TRY_VOID(co_await until(&PostgresConversation::meaning_settled));
  co_await settle_definitions();
  if (!meaning_changed_ || answers_.work_since_sync()) co_return Done{};
  NG_CO_TRY_VOID(co_await drained());
  if (answers_.transaction() == 'E' || answers_.discarding())
    co_return Done{};  // nothing runs before its end, which makes us look again
  NG_CO_TRY(const OwnQuery now, co_await ask(std::string(SessionState::settings_query())));
  if (now.failed()) co_return Error{Code::unavailable, Blame::upstream, "the session's settings cannot be read: " + now.message};
  NG_CO_TRY_VOID(understanding_.state().take_settings(now.rows));
  meaning_changed_ = false;
  co_return Done{};
}

// The catalog is read over another connection, which sees definitions only once they are committed.
Task<void> PostgresConversation::settle_definitions() {
  if (!definitions_changed_ || definitions_in_transaction_) co_return;
  const Result<Done> looked = co_await catalog_->look(common_.pool, client_.stream().loop());
  if (!looked.ok()) log_warning("catalog not refreshed", {{"resource", upstream_at_.resource}, {"why", looked.error().detail}});
  definitions_changed_ = !looked.ok();
}

// Why nothing that is sent now can be understood; "" if it can.
std::string_view PostgresConversation::uncertain() const {
  if (meaning_changed_)
    return "settings changed earlier in this pipeline or failed transaction; send Sync, or end it, before the next statement";
  if (definitions_in_transaction_) return "definitions changed earlier in this transaction; commit before the next statement";
  if (definitions_changed_) return "definitions have changed, and the catalog cannot be read now";
  return "";
}

}  // namespace narrowgate::postgres
