// For tests: a catalog without a server. Two tables, a view, a sequence of an identity, and some of PostgreSQL's own functions.
#pragma once

#include <map>

#include "protocol/postgres/sql/catalog_load.h"

namespace narrowgate::postgres {

// Answers the queries of catalog_queries.h by the name in their first line.
inline Result<Rows> paper_answer(std::string_view sql) {
  const std::string columns =
      "id\x1e"
      "23\x1e\x1e\x1e"
      "1\x1fname\x1e"
      "25\x1e\x1e\x1e"
      "2\x1fowner\x1e"
      "25\x1e\x1e\x1e"
      "3";
  static const std::map<std::string, Rows, std::less<>> answers{
      {"login", {{"\"$user\", public", "shop", "keeper", "150000"}}},
      {"snapshot", {{"700:700:", "700", "t"}}},
      {"schemas", {{"public", "t"}, {"secret", "t"}, {"pg_catalog", "t"}}},
      {"settings", {{"search_path", "user"}, {"role", "user"}, {"work_mem", "user"}}},
      {"relations",
       {{"20001", "public", "items", "r", "f", "f", std::nullopt, columns, std::nullopt},
        {"20002", "secret", "keys", "r", "f", "f", std::nullopt, columns, std::nullopt},
        {"20003", "public", "some_items", "v", "f", "f", " SELECT items.id,\n    items.name\n   FROM public.items;",
         columns.substr(0, columns.find("\x1fowner")), std::nullopt}}},
      {"builtins",
       {{"31", "pg_catalog", "upper", "i", "25"},
        {"32", "pg_catalog", "count", "i", ""},
        {"33", "pg_catalog", "now", "s", ""},
        {"34", "pg_catalog", "max", "i", "25"},
        {"35", "pg_catalog", "to_jsonb", "s", "2283"},
        {"36", "pg_catalog", "chr", "i", "23"}}},
      {"types",
       {{"25", "pg_catalog", "text", "b", "0", "0", "0", std::nullopt},
        {"1043", "pg_catalog", "varchar", "b", "0", "0", "0", std::nullopt},
        {"23", "pg_catalog", "int4", "b", "0", "0", "0", std::nullopt}}}};
  constexpr std::string_view mark = "/* narrowgate catalog: ";
  if (!sql.starts_with(mark)) return Rows{};
  sql.remove_prefix(mark.size());
  const auto found = answers.find(sql.substr(0, sql.find(" */")));
  return found == answers.end() ? Rows{} : found->second;
}

inline std::shared_ptr<const Catalog> paper_catalog(const masking::Rules& rules = {}) {
  auto catalog = load_catalog(paper_answer, rules);
  NG_CHECK(catalog.ok());
  return std::move(catalog).take();
}

}  // namespace narrowgate::postgres
