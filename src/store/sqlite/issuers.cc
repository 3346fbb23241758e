#include <fmt/format.h>

#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {

Result<Done> SqliteIssuers::keep(const IssuerDocument& document) {
  if (document.document.size() > issuer_document_bytes_max)
    return Error{Code::too_large, Blame::upstream,
                 fmt::format("issuer document {} has {} bytes; at most {} are kept", document.url, document.document.size(),
                             issuer_document_bytes_max)};
  return db_.write([&](Connection& c) {
    return c
        .query(
            "INSERT INTO issuer_documents VALUES (?, ?, ?) ON CONFLICT (url) DO UPDATE SET document = excluded.document, "
            "fetched_ms = excluded.fetched_ms WHERE excluded.fetched_ms >= fetched_ms")
        .bind(document.url)
        .bind(document.document)
        .bind(document.fetched)
        .run();
  });
}

Result<std::optional<IssuerDocument>> SqliteIssuers::find(std::string_view url) {
  return db_.read([&](Connection& c) {
    auto query = c.query("SELECT url, document, fetched_ms FROM issuer_documents WHERE url = ?");
    return first_row<IssuerDocument>(query.bind(url), [](const Query& q) -> Result<IssuerDocument> {
      return IssuerDocument{q.text(0), q.text(1), q.time(2)};
    });
  });
}

}  // namespace narrowgate::store
