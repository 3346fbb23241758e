#include "protocol/postgres/sql/catalog_queries.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace narrowgate::postgres::queries {

std::string parts(std::string_view xid) {
  std::string out = "/* narrowgate catalog: parts */\n";
  for (std::size_t i = 0; i < part_tables.size(); ++i)
    out += fmt::format(
        "{}SELECT {}, count(*), count(*) FILTER (WHERE age(t.xmin) <= h.of), "
        "sum(t.xmin::text::bigint) FILTER (WHERE age(t.xmin) <= h.of) "
        "FROM {} t, (SELECT age('{}'::xid) AS of OFFSET 0) h WHERE {}\n",
        i == 0 ? "" : "UNION ALL ", i, part_tables[i].table, xid, part_tables[i].where);
  return out;
}

std::string changed_relations(std::string_view xid) {
  return fmt::format(
      "/* narrowgate catalog: changed relations */\n"
      "WITH h AS MATERIALIZED (SELECT age('{}'::xid) AS of)\n"
      "SELECT oid FROM pg_class WHERE oid >= 16384 AND age(xmin) <= (SELECT of FROM h)\n"
      "UNION SELECT attrelid FROM pg_attribute WHERE attrelid >= 16384 AND age(xmin) <= (SELECT of FROM h)\n"
      "UNION SELECT adrelid FROM pg_attrdef WHERE age(xmin) <= (SELECT of FROM h)\n"
      "UNION SELECT ev_class FROM pg_rewrite WHERE age(xmin) <= (SELECT of FROM h)",
      xid);
}

std::string relations_of(std::span<const std::string> oids) {
  constexpr std::string_view place = "/* these */";
  const std::string list = fmt::format("ANY ('{{{}}}'::oid[])", fmt::join(oids, ","));
  std::string out(relations);
  const std::size_t first = out.find(place), second = out.rfind(place);
  out.replace(second, place.size(), "AND c.oid = " + list);
  out.replace(first, place.size(), "AND a.attrelid = " + list);
  return out;
}

}  // namespace narrowgate::postgres::queries
