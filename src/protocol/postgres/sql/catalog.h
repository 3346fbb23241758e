// What one upstream database holds, as far as the meaning of statements depends on it: an immutable snapshot.
//
// It knows relations with their columns, children, triggers, rules, policies and foreign keys; functions with their bodies;
// operators, casts and types that are not PostgreSQL's own; and what the login starts with. Definitions are texts as the server
// prints them with an empty search_path, so that they mean the same whoever reads them. Made by catalog_load.h. Shared by
// threads; the only thing that changes inside is a memory of what bodies were found to do. Not here: temporary objects, which
// belong to a session (session_state.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "masking/mask.h"
#include "protocol/postgres/sql/origin.h"

namespace narrowgate::postgres {

using Oid = std::uint32_t;
inline constexpr Oid first_user_oid = 16384;  // below it: made by initdb, PostgreSQL's own

// The answer to one query: rows of values, absent for NULL.
using Rows = std::vector<std::vector<std::optional<std::string>>>;

struct TableName {
  std::string schema, name;
};

struct Column {
  std::string name;
  Oid type = 0;
  bool generated = false;
  bool computed_on_read = false;  // VIRTUAL
  std::string expression;         // of the default or of the generated column; "" if there is none
  std::int16_t number = 0;        // pg_attribute.attnum
  Origin masked = {};             // what of it must not leave as it is: itself, or what it is generated from
};

// A column whose values leave masked.
struct MaskedColumn {
  std::string table, name, label;  // schema.table; its class
  masking::Kind kind = masking::Kind::null;
  bool text = false;  // its values are text: any mask will do. In the place of others only null can stand.
  Oid relation = 0;
  std::int16_t number = 0;  // pg_attribute.attnum
};

struct Trigger {
  Oid function = 0;
  bool before = false, instead = false, row = false;
  bool on_insert = false, on_update = false, on_delete = false, on_truncate = false;
  char enabled = 'O';                // O: fires as usual; R: on replicas; A: always
  std::vector<std::string> columns;  // UPDATE OF these; empty: any
  std::string definition;            // only if it has a WHEN clause
};

struct Rule {
  char event = '2';  // 2 UPDATE, 3 INSERT, 4 DELETE
  bool instead = false, conditional = false;
  std::string definition;
};

// On the referenced side: what happens to `child` when a row here goes or its key changes.
struct Reference {
  Oid child = 0;
  char on_delete = 'a', on_update = 'a';  // a: nothing; r: restrict; c: cascade; n: set null; d: set default
  std::vector<std::string> keys, child_columns;
};

struct Policy {
  char command = '*';  // r SELECT, a INSERT, w UPDATE, d DELETE
  std::string expression;
};

struct Relation {
  Oid oid = 0;
  std::string schema, name;
  std::string full_name;  // schema.name
  char kind = 'r';        // pg_class.relkind
  bool partition = false, row_security = false;
  std::vector<Column> columns;
  std::string definition;     // of a view
  std::vector<Oid> children;  // inherits from this, or is a partition of it
  std::vector<Trigger> triggers;
  std::vector<Rule> rules;
  std::vector<Reference> referenced_by;
  std::vector<Policy> policies;
  std::vector<std::string> checks;   // expressions run at INSERT and UPDATE: constraints, indexes, partition keys
  Oid table = 0;                     // of an index: its table; of a sequence: the table that owns it
  bool check_option = false;         // of a view: its WHERE is run on what is written
  std::vector<Oid> index_functions;  // users' own, that its indexes and its partitioning compare and hash with
  std::vector<std::string> partition_keys;
  bool partition_key_computed = false;

  const Column* column(std::string_view column) const;
  bool system() const { return oid < first_user_oid; }
};

struct Function {
  Oid oid = 0;
  std::string schema, name;
  std::string full_name;  // schema.name
  char kind = 'f';        // f function, p procedure, a aggregate, w window
  char volatility = 'v';  // i, s, v
  std::string language;
  std::string extension;  // whose it is; "" if nobody's
  int arguments = 0, defaults = 0;
  bool variadic = false, returns_set = false;
  std::vector<Oid> types;  // of the arguments it is called with
  Oid returns = 0;
  std::string body;         // SQL, PL/pgSQL: the whole CREATE FUNCTION; "" otherwise
  std::string search_path;  // its own, as SET would be given it; "" if it uses the caller's
  bool has_search_path = false;
  bool sets_meaning = false;                   // SETs something else that changes what text means, or who it runs as
  std::string definer;                         // SECURITY DEFINER: who it runs as; "" otherwise
  std::vector<std::string> transition_tables;  // names that its triggers give to the rows changed
  std::string argument_defaults;               // expressions, comma-separated
  std::vector<Oid> parts;                      // of an aggregate: the functions that it runs
};

struct Operator {
  Oid oid = 0;
  std::string schema, name;
  Oid left = 0, right = 0, function = 0;
  std::vector<Oid> others = {};  // users' own functions that the planner may take instead, or that compare in its place
};

struct Cast {
  Oid source = 0, target = 0, function = 0;
  char context = 'e';  // e explicit, a assignment, i implicit
};

struct Type {
  Oid oid = 0;
  std::string schema, name;
  char kind = 'b';  // b base, c composite, d domain, e enum, r range, m multirange
  Oid element = 0, base = 0, relation = 0;
  std::string default_expression;   // of a domain
  std::vector<std::string> checks;  // of a domain: CHECK expressions
  std::vector<Oid> functions;       // users' own, that compare, hash and measure its values
};

// What was found out about a body: kept by the catalog, since it cannot change while the catalog does not.
class Findings;

class Catalog {
 public:
  Catalog();
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  const std::string& database() const { return database_; }
  const std::string& user() const { return user_; }
  int server_version() const { return server_version_; }  // 150020
  // Ordinary, partitioned and foreign tables; not views, not the system's. Sorted.
  const std::vector<TableName>& tables() const { return tables_; }

  // ---- look-ups; nullptr or empty if there is none
  bool has_schema(std::string_view schema) const { return schemas_.contains(schema); }
  bool may_use_schema(std::string_view schema) const;  // the login may
  const Relation* relation(std::string_view schema, std::string_view name) const;
  const Relation* relation(Oid oid) const;
  const std::vector<const Function*>& functions(std::string_view name) const;
  const Function* function(Oid oid) const;
  // PostgreSQL's own functions of that name in pg_catalog: i, s or v, the worst of them; '\0' if there is none.
  char builtin_volatility(std::string_view name) const;
  char information_schema_volatility(std::string_view name) const;
  std::string_view builtin_name(Oid function) const;  // "" if it is none of PostgreSQL's own
  // Argument types of those that share their name with a user's function.
  const std::vector<std::vector<Oid>>& builtin_signatures(std::string_view name) const;
  const std::vector<const Operator*>& operators(std::string_view name) const;
  const std::vector<std::pair<Oid, Oid>>& builtin_operators(std::string_view name) const;
  const Type* type(std::string_view schema, std::string_view name) const;
  const Type* type(Oid oid) const;
  const std::vector<Cast>& casts() const { return casts_; }
  const std::vector<Oid>& ddl_functions() const { return ddl_functions_; }  // of event triggers
  const std::string& search_path() const { return search_path_; }           // what the login starts with
  const std::vector<MaskedColumn>& masked() const { return masked_; }
  bool is_masked(Oid relation, std::int16_t attribute) const { return masked_places_.contains(std::pair(relation, attribute)); }
  bool has_masked(const std::string& full_name) const { return masked_tables_.contains(full_name); }
  // pg_settings.context: "user", "superuser", …; "" for a name it does not know.
  std::string_view setting_context(std::string_view name) const;

  Findings& findings() const { return *findings_; }

 private:
  friend class CatalogBuilder;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using Names = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  using Types = std::vector<Oid>;

  std::string database_, user_, search_path_;
  int server_version_ = 0;
  std::vector<TableName> tables_;
  std::vector<MaskedColumn> masked_;
  std::set<std::pair<Oid, std::int16_t>> masked_places_;
  std::set<std::string> masked_tables_;
  std::map<std::string, bool, std::less<>> schemas_;
  std::vector<std::unique_ptr<Relation>> relations_;
  std::vector<std::unique_ptr<Function>> functions_;
  std::vector<std::unique_ptr<Operator>> operators_;
  std::vector<std::unique_ptr<Type>> types_;
  std::vector<Cast> casts_;
  std::vector<Oid> ddl_functions_;
  Names<Names<const Relation*>> relations_by_name_;  // schema, name
  Names<Names<const Type*>> types_by_name_;
  std::unordered_map<Oid, Relation*> relations_by_oid_;
  std::unordered_map<Oid, const Function*> functions_by_oid_;
  std::unordered_map<Oid, const Type*> types_by_oid_;
  Names<std::vector<const Function*>> functions_by_name_;
  Names<std::vector<const Operator*>> operators_by_name_;
  Names<char> builtins_, information_schema_;
  std::unordered_map<Oid, std::string> builtin_names_;
  Names<std::vector<Types>> builtin_signatures_;
  Names<std::vector<std::pair<Oid, Oid>>> builtin_operators_;
  Names<std::string> settings_;
  std::unique_ptr<Findings> findings_;
};

}  // namespace narrowgate::postgres
