#include "protocol/postgres/sql/text_state.h"

namespace narrowgate::postgres {

void TextState::apply(const StatementFacts& facts) {
  if (facts.ends_transaction && changed_) poison("what an earlier statement of this text changed may be undone");
  if (facts.changes.empty()) return;
  if (!own_) own_ = session_;
  for (const Change& change : facts.changes) {
    const bool lexical =
        change.what == Change::What::setting &&
        (change.name == "standard_conforming_strings" || change.name == "backslash_quote" || change.name == "client_encoding");
    // The whole text was read before this ran; only later texts are read the new way. A person could be misled.
    if (lexical) poison("an earlier statement of this text changes how text is read");
    if (change.what == Change::What::forget_settings) poison("an earlier statement of this text may have changed settings");
    if (change.what == Change::What::discard || change.what == Change::What::discard_temp) made_.clear();
    changed_ = changed_ || change.what != Change::What::end_transaction;
  }
  own_->apply(facts);
}

}  // namespace narrowgate::postgres
