// What the catalog is read with. Each query says its name in a comment, for those who watch the server and for tests that replay
// answers. Columns of lists are joined by \x1f, their fields by \x1e. Runs with an empty search_path, so that the server prints
// every name with its schema.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace narrowgate::postgres::queries {

// The login's own search_path may name anything; definitions are printed as standard_conforming_strings says; compiling a query
// takes longer than running it.
inline constexpr std::string_view begin =
    "SET search_path = ''; SET standard_conforming_strings = on; SET jit = off; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
inline constexpr std::string_view end = "COMMIT";

inline constexpr std::string_view snapshot = R"(/* narrowgate catalog: snapshot */
SELECT pg_current_snapshot(), pg_snapshot_xmin(pg_current_snapshot())::xid,
  pg_snapshot_xmin(pg_current_snapshot()) = pg_snapshot_xmax(pg_current_snapshot()))";

inline constexpr std::string_view login = R"(/* narrowgate catalog: login */
SELECT (SELECT reset_val FROM pg_settings WHERE name = 'search_path'), current_database(), current_user,
    current_setting('server_version_num'))";

// ---- what may have changed

// PostgreSQL's tables of definitions, and which of their rows can be a user's. Not pg_attribute and pg_attrdef, by far the
// longest: changed_relations() looks at those.
enum class Part : std::uint8_t {
  relation,
  index,
  function,
  rewrite,
  trigger,
  constraint,
  policy,
  type,
  operator_,
  operator_class,
  support_function,
  support_operator,
  cast,
  schema,
  inheritance,
  event_trigger,
  extension,
  setting,
  aggregate,
  partitioned,
  range,
};
struct PartTable {
  std::string_view table, where;
};
inline constexpr std::array part_tables{
    PartTable{"pg_class", "t.oid >= 16384"},
    PartTable{"pg_index", "t.indrelid >= 16384"},
    PartTable{"pg_proc", "t.oid >= 16384"},
    PartTable{"pg_rewrite", "t.oid >= 16384"},
    PartTable{"pg_trigger", "true"},
    PartTable{"pg_constraint", "true"},
    PartTable{"pg_policy", "true"},
    PartTable{"pg_type", "t.oid >= 16384"},
    PartTable{"pg_operator", "t.oid >= 16384"},
    PartTable{"pg_opclass", "t.oid >= 16384"},
    PartTable{"pg_amproc", "t.oid >= 16384"},
    PartTable{"pg_amop", "t.oid >= 16384"},
    PartTable{"pg_cast", "t.oid >= 16384"},
    PartTable{"pg_namespace", "true"},
    PartTable{"pg_inherits", "true"},
    PartTable{"pg_event_trigger", "true"},
    PartTable{"pg_extension", "true"},
    PartTable{"pg_db_role_setting", "true"},
    PartTable{"pg_aggregate", "t.aggfnoid::oid >= 16384"},
    PartTable{"pg_partitioned_table", "true"},
    PartTable{"pg_range", "t.rngtypid >= 16384"},
};

// Of each table: its place among them, how many rows, how many of them made by transactions from `xid` on, and which.
std::string parts(std::string_view xid);
// The relations whose definition has rows made from `xid` on, and all that there are.
std::string changed_relations(std::string_view xid);
inline constexpr std::string_view relation_oids = R"(/* narrowgate catalog: relation oids */
SELECT string_agg(oid::text, ' ') FROM pg_class WHERE oid >= 16384)";
// The answer of `relations`, of these only.
std::string relations_of(std::span<const std::string> oids);

// ---- what a catalog is made of

inline constexpr std::string_view schemas = R"(/* narrowgate catalog: schemas */
SELECT nspname, has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname NOT LIKE 'pg\_temp\_%' AND nspname NOT LIKE
    'pg\_toast%' ORDER BY 1)";

inline constexpr std::string_view settings = R"(/* narrowgate catalog: settings */
SELECT name, context FROM pg_settings ORDER BY 1)";

inline constexpr std::string_view relations = R"(/* narrowgate catalog: relations */
WITH k AS (SELECT a.attrelid, string_agg(a.attname || chr(30) || a.atttypid || chr(30) || a.attgenerated::text || chr(30) ||
      coalesce(pg_get_expr(d.adbin, d.adrelid), '') || chr(30) || a.attnum, chr(31) ORDER BY a.attnum) AS columns
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped /* these */ GROUP BY a.attrelid)
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.relrowsecurity,
  CASE WHEN c.relkind IN ('v', 'm') AND c.oid >= 16384 THEN pg_get_viewdef(c.oid) END,
  k.columns,
  CASE WHEN c.relkind IN ('i', 'I') THEN (SELECT indrelid FROM pg_index WHERE indexrelid = c.oid)
       WHEN c.relkind = 'S' THEN (SELECT refobjid FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND
           objsubid = 0
         AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i') LIMIT 1) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN k ON k.attrelid = c.oid
WHERE c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\_temp\_%' AND n.nspname NOT LIKE 'pg\_toast%'
  AND (c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S', 'c') OR c.relkind IN ('i', 'I') AND c.oid >= 16384) /* these */
ORDER BY c.oid)";

// Functions in C are whoever installed them's business: only a superuser can make them, and they do not run SQL unasked.
inline constexpr std::string_view relation_facts = R"(/* narrowgate catalog: relation facts */
WITH own AS (SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid >= 16384
    AND l.lanname NOT IN ('c', 'internal')),
  used AS (SELECT indrelid AS relation, unnest(indclass::oid[]) AS class FROM pg_index WHERE indrelid >= 16384
    UNION SELECT partrelid, unnest(partclass::oid[]) FROM pg_partitioned_table),
  comparing AS (SELECT u.relation, string_agg(p.amproc::oid::text, ' ') AS functions
    FROM own JOIN pg_amproc p ON p.amproc = own.oid JOIN pg_opclass o ON o.opcfamily = p.amprocfamily
    JOIN used u ON u.class = o.oid GROUP BY u.relation)
SELECT c.oid, c.reloptions::text LIKE '%check_option=%', f.functions,
  (SELECT string_agg(a.attname, chr(31)) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (p.partattrs)),
  p.partexprs IS NOT NULL
FROM pg_class c LEFT JOIN comparing f ON f.relation = c.oid LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid
WHERE c.oid >= 16384 AND (c.reloptions::text LIKE '%check_option=%' OR f.relation IS NOT NULL OR p.partrelid IS NOT NULL)
ORDER BY c.oid)";

inline constexpr std::string_view children = R"(/* narrowgate catalog: children */
SELECT inhparent, inhrelid FROM pg_inherits ORDER BY 1, 2)";

inline constexpr std::string_view triggers = R"(/* narrowgate catalog: triggers */
SELECT t.tgrelid, t.tgfoid, t.tgtype, t.tgenabled,
  (SELECT string_agg(a.attname, chr(31)) FROM pg_attribute a WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)),
  CASE WHEN t.tgqual IS NOT NULL THEN pg_get_triggerdef(t.oid) END
FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' ORDER BY t.tgrelid, t.tgname)";

inline constexpr std::string_view rules = R"(/* narrowgate catalog: rules */
SELECT r.ev_class, r.ev_type, r.is_instead, r.ev_qual::text <> '<>', pg_get_ruledef(r.oid)
FROM pg_rewrite r WHERE r.ev_type <> '1' AND r.oid >= 16384 AND r.ev_enabled <> 'D' ORDER BY r.ev_class, r.rulename)";

inline constexpr std::string_view references = R"(/* narrowgate catalog: references */
SELECT c.confrelid, c.conrelid, c.confdeltype, c.confupdtype,
  (SELECT string_agg(a.attname, chr(31)) FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attnum = ANY (c.confkey)),
  (SELECT string_agg(a.attname, chr(31)) FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey))
FROM pg_constraint c WHERE c.contype = 'f' ORDER BY 1, 2)";

inline constexpr std::string_view policies = R"(/* narrowgate catalog: policies */
SELECT polrelid, polcmd, concat_ws(', ', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy
    ORDER BY polrelid, polname)";

inline constexpr std::string_view checks = R"(/* narrowgate catalog: checks */
SELECT conrelid, pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE contype = 'c' AND conrelid >= 16384
UNION ALL SELECT indrelid, pg_get_expr(indexprs, indrelid) FROM pg_index WHERE indexprs IS NOT NULL AND indrelid >= 16384
UNION ALL SELECT indrelid, pg_get_expr(indpred, indrelid) FROM pg_index WHERE indpred IS NOT NULL AND indrelid >= 16384
UNION ALL SELECT partrelid, pg_get_expr(partexprs, partrelid) FROM pg_partitioned_table WHERE partexprs IS NOT NULL)";

inline constexpr std::string_view functions = R"(/* narrowgate catalog: functions */
SELECT p.oid, n.nspname, p.proname, p.prokind, p.provolatile, l.lanname,
  (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
   WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'),
  p.pronargs, p.pronargdefaults, p.provariadic <> 0, p.proretset, p.proargtypes::text, p.prorettype,
  CASE WHEN l.lanname IN ('sql', 'plpgsql') AND p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END,
  array_to_string(p.proconfig, chr(31)), pg_get_expr(p.proargdefaults, 0),
  CASE WHEN p.prosecdef THEN pg_get_userbyid(p.proowner) END, cardinality(p.proallargtypes),
  (SELECT string_agg(DISTINCT x, chr(31)) FROM pg_trigger t, unnest(ARRAY[t.tgoldtable::text, t.tgnewtable::text]) x
   WHERE t.tgfoid = p.oid AND x IS NOT NULL)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid >= 16384 AND n.nspname NOT LIKE 'pg\_temp\_%' ORDER BY p.oid)";

inline constexpr std::string_view aggregates = R"(/* narrowgate catalog: aggregates */
SELECT aggfnoid::oid, concat_ws(' ', aggtransfn::oid, aggfinalfn::oid, aggcombinefn::oid, aggserialfn::oid, aggdeserialfn::oid,
  aggmtransfn::oid, aggminvtransfn::oid, aggmfinalfn::oid) FROM pg_aggregate WHERE aggfnoid::oid >= 16384 ORDER BY 1)";

inline constexpr std::string_view builtins = R"(/* narrowgate catalog: builtins */
SELECT p.oid, n.nspname, p.proname, p.provolatile,
  CASE WHEN p.proname IN (SELECT proname FROM pg_proc WHERE oid >= 16384) THEN p.proargtypes::text END
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid < 16384 ORDER BY p.oid)";

inline constexpr std::string_view operators = R"(/* narrowgate catalog: operators */
SELECT o.oid, n.nspname, o.oprname, o.oprleft, o.oprright, o.oprcode::oid,
  CASE WHEN o.oid >= 16384 THEN (SELECT string_agg(f::text, ' ') FROM (
     SELECT r.oprcode::oid AS f FROM pg_operator r WHERE r.oid IN (o.oprnegate, o.oprcom)
     UNION SELECT p.amproc::oid FROM pg_amop m JOIN pg_amproc p ON p.amprocfamily = m.amopfamily WHERE m.amopopr = o.oid) x
   WHERE f >= 16384) END
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= 16384 OR o.oprname IN (SELECT oprname FROM pg_operator WHERE oid >= 16384) ORDER BY o.oid)";

inline constexpr std::string_view casts = R"(/* narrowgate catalog: casts */
SELECT castsource, casttarget, castfunc, castcontext FROM pg_cast WHERE oid >= 16384 AND castfunc <> 0 ORDER BY oid)";

inline constexpr std::string_view types = R"(/* narrowgate catalog: types */
SELECT t.oid, n.nspname, t.typname, t.typtype, t.typelem, t.typbasetype, t.typrelid, pg_get_expr(t.typdefaultbin, 0)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname NOT LIKE 'pg\_temp\_%' AND n.nspname NOT LIKE 'pg\_toast%' AND (t.oid >= 16384 OR t.typtype <> 'c' AND
    t.typelem = 0) ORDER BY t.oid)";

inline constexpr std::string_view type_parts = R"(/* narrowgate catalog: type parts */
SELECT rngtypid, rngsubtype FROM pg_range WHERE rngtypid >= 16384
UNION ALL SELECT d.objid, d.refobjid FROM pg_depend d JOIN pg_type t ON t.oid = d.objid  -- a multirange, of its range
WHERE t.typtype = 'm' AND d.classid = 'pg_type'::regclass AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i')";

inline constexpr std::string_view type_functions = R"(/* narrowgate catalog: type functions */
WITH own AS (SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid >= 16384
    AND l.lanname NOT IN ('c', 'internal'))
SELECT r.rngtypid, own.oid FROM pg_range r JOIN own ON own.oid IN (r.rngsubdiff, r.rngcanonical)
UNION SELECT o.opcintype, own.oid FROM pg_opclass o
  JOIN pg_amproc p ON p.amprocfamily = o.opcfamily JOIN own ON own.oid = p.amproc
WHERE o.opcdefault ORDER BY 1, 2)";

inline constexpr std::string_view type_checks = R"(/* narrowgate catalog: type checks */
SELECT contypid, pg_get_expr(conbin, 0) FROM pg_constraint WHERE contype = 'c' AND contypid >= 16384 ORDER BY oid)";

inline constexpr std::string_view event_triggers = R"(/* narrowgate catalog: event triggers */
SELECT evtfoid FROM pg_event_trigger WHERE evtenabled <> 'D' AND evtevent <> 'login' ORDER BY oid)";

}  // namespace narrowgate::postgres::queries
