// No text crashes the classifier or the PL/pgSQL reader, and what it answers holds together: what is not understood is said to
// be, a danger has effects that explain it, and asking again gives the same answer. Seeds come from the tables of test/cases.
#include "protocol/postgres/sql/classify.h"
#include "protocol/postgres/sql/paper_catalog.h"
#include "protocol/postgres/sql/plpgsql.h"
#include "protocol/postgres/sql/preview_query.h"

namespace {

using namespace narrowgate;
using namespace narrowgate::postgres;

void check(const Classified& found) {
  const Operation& operation = found.operation;
  NG_CHECK(operation.classified == (operation.danger != Danger::unknown));
  NG_CHECK(operation.classified || !operation.why.empty());
  NG_CHECK(std::is_sorted(found.reads.begin(), found.reads.end()));
  NG_CHECK(std::is_sorted(found.writes.begin(), found.writes.end()));
  if (operation.danger == Danger::read) NG_CHECK(found.writes.empty());
  for (const Effect& effect : operation.effects) NG_CHECK(!effect.verb.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const Catalog> catalog = paper_catalog();
  SessionState state;
  state.begin(*catalog, {{"client_encoding", "UTF8"}});
  const std::string text(reinterpret_cast<const char*>(data), size);

  const Classified once = classify(text, *catalog, state);
  const Classified again = classify(text, *catalog, state);
  check(once);
  NG_CHECK(once.operation.effects == again.operation.effects && once.operation.danger == again.operation.danger);
  state.apply(once.statements);
  check(classify(text, *catalog, state));
  (void)read_plpgsql(text, {});
  if (const auto preview = preview_query(text, {})) {
    NG_CHECK(parse_sql(preview->count).ok());
    NG_CHECK(preview->sample.empty() || parse_sql(preview->sample).ok());
  }
  return 0;
}
