// PostgresConversation: what of masked columns comes and goes.
#include "protocol/postgres/conversation.h"
#include "protocol/postgres/wire/messages_backend.h"

namespace narrowgate::postgres {

// Where the server says that a column is a masked one and we did not know, we are wrong about the statement, and pass nothing.
Result<Done> PostgresConversation::described(const Debt& debt, ByteView row_description) {
  const std::shared_ptr<const Catalog>& catalog = understanding_.catalog();
  if (!catalog || catalog->masked().empty() || !debt.statement) return Done{};
  NG_TRY(const auto description, backend::decode_row_description(row_description));
  const AnswerMasks* masks = debt.statement->masks.get();
  const ResultMask* result = masks != nullptr && debt.result < masks->size() ? &(*masks)[debt.result] : nullptr;
  for (std::size_t i = 0; i < description.columns.size(); ++i) {
    const backend::Column& column = description.columns[i];
    if (!catalog->is_masked(column.table, column.attribute)) continue;
    const bool known = result != nullptr && (!result->placed || result->columns.size() != description.columns.size() ||
                                             !result->columns[i].of.empty());
    if (!known)
      return Error{Code::bug, Blame::gateway,
                   fmt::format("column {} of an answer is masked, and the statement was not known to give it", i + 1)};
  }
  return Done{};
}

bool PostgresConversation::is_mask(std::string_view value, const Statement& statement) const {
  const auto& detectors = upstream_at_.detectors;
  return (statement.writes_masked && common_.masks.is_mask(value)) || (detectors && detectors->holds_mark(value));
}

bool PostgresConversation::may_bring_masks(const Statement& statement) const {
  return statement.writes_masked || (upstream_at_.detectors && statement.operation->danger > Danger::session);
}

bool PostgresConversation::holds_a_mask(const frontend::Bind& bind, const Statement& statement) const {
  return may_bring_masks(statement) && std::any_of(bind.values.begin(), bind.values.end(), [&](const Value& value) {
           return value && is_mask(as_text(*value), statement);
         });
}

bool PostgresConversation::brings_back_a_mask(const PostgresRequest& request) const {
  const Statement& statement = *request.statement;
  if (!request.runs() || !may_bring_masks(statement)) return false;
  return (request.portal && request.portal->holds_mask) ||
         std::any_of(statement.constants.begin(), statement.constants.end(),
                     [&](const std::string& one) { return is_mask(one, statement); });
}

// What was read masked must not take the place of what it stood for.
PostgresConversation::RequestPtr PostgresConversation::looked_at(RequestPtr request) const {
  if (!brings_back_a_mask(*request)) return request;
  auto operation = std::make_shared<Operation>(*request->statement->operation);
  operation->never = "it writes back a value that was read masked";
  auto statement = std::make_shared<Statement>(*request->statement);
  statement->operation = std::move(operation);
  request->statement = std::move(statement);
  return request;
}

}  // namespace narrowgate::postgres
