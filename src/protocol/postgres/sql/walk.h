// The walk over a parse tree: every node is either understood or makes the text unknown.
//
// One Walker walks one statement or one body in one naming context. Bodies (views, functions, rules, …) get a Walker of their
// own, whose Reach is added to the caller's.
//
//   walk_names.cc       what a name stands for; reading relations and columns
//   walk_expression.cc  values
//   walk_query.cc       SELECT, FROM, WITH
//   walk_origin.cc      what a value comes from, and which uses of it decide something
//   walk_write.cc       INSERT, UPDATE, DELETE, MERGE, TRUNCATE, and what rules, triggers and foreign keys make of them
//   walk_copy.cc        COPY
//   walk_function.cc    calls, operators, casts
//   walk_body.cc        definitions as text: views, expressions, SQL and PL/pgSQL functions
//   walk_utility.cc     everything that is neither a query nor a definition
//   walk_definition.cc  CREATE, ALTER, DROP
#pragma once

#include <functional>

#include <pg_query.pb.h>

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "protocol/postgres/sql/builtin_functions.h"
#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/sql/reach.h"
#include "protocol/postgres/sql/text_state.h"

namespace narrowgate::postgres {

namespace pg = pg_query;
using Nodes = google::protobuf::RepeatedPtrField<pg::Node>;
using Words = std::vector<std::string_view>;

inline constexpr char kTemp[] = "pg_temp";

// The columns that a query or function gives.
struct OutputColumn {
  std::string name;
  Origin origin = {};
};
struct Output {
  std::vector<OutputColumn> columns;
  bool complete = true;  // false: there may be others, or names that are not known
  bool placed = true;    // false: nor is their order
  Origin rest = {};      // what those others come from

  const OutputColumn* find(std::string_view name) const {
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const OutputColumn& one) { return one.name == name; });
    return at == columns.end() ? nullptr : &*at;
  }
  // New names for the first columns, as a list of aliases gives them.
  void rename(const Words& names);
  void append(const Output& more);
  // The columns of the same place become one: UNION, VALUES.
  void merge(const Output& other);
  Origin everything() const;  // all of it together
  Lineage lineage() const;
};

// One entry of FROM, or the target of a write.
struct Source {
  std::string alias;
  std::string schema = {};             // of a relation that goes by its own name
  const Relation* relation = nullptr;  // nullptr: derived, or not in the catalog
  std::vector<Touched*> marks = {};    // where its columns are noted; empty: nobody asks
  Output columns = {};                 // of a derived one; of a relation with a column list: the new names of its first columns
  bool brought = false;                // its rows are the statement's own, not the table's: EXCLUDED
  std::vector<std::size_t> members = {};  // of a join with a name of its own
  bool is_table = false;                  // rows of a relation, known or not
};

struct Cte {
  std::string name;
  Output columns;
};

struct Scope {
  const Scope* outer = nullptr;
  bool lateral = true;  // sees its siblings in FROM
  std::vector<Source> sources = {};
  std::vector<Cte> ctes = {};
  Output star = {};              // what * stands for
  const Scope* stars = nullptr;  // whose that is, if not its own
};

// What a relation's name stands for. More than one if it cannot be told which.
struct Named {
  const Relation* relation = nullptr;
  std::string name;  // schema.name, also of one that does not exist
  bool temp = false;
  bool view = false;  // a view that is not in the catalog: `text` made it
  std::string text = {};
};

// How a body is to be read.
struct Reading {
  int depth = 0;
  bool in_body = false;                // inside a function
  bool dry = false;                    // EXPLAIN: planned, not run
  bool printed = false;                // as the server prints definitions: every name has its schema
  bool folding = false;                // planned with what is around it: only calls of constants happen
  const Function* function = nullptr;  // whose body it is
  std::vector<std::string> path = {};
  bool path_is_certain = true;
};

class Walker {
 public:
  Walker(const Catalog& catalog, TextState& text, Reach& reach, Reading reading);
  // One that reads as the session does now.
  static Reading reading_of(const Catalog& catalog, const SessionState& session);

  // A statement of the text `sql`, or of a body; `sql` is that statement alone.
  // Its rows, if it gives any.
  Output statement(const pg::Node& node, std::string_view sql, StatementFacts& facts);
  // What was read of masked columns other than to be shown.
  const Origin& used() const { return used_; }
  // A definition's expressions, blank- or comma-joined as the server prints them.
  void printed_expressions(std::string_view text);
  void run_function(const Function& function, int arguments);
  void run_function(Oid oid, int arguments);

 private:
  Output any_statement(const pg::Node& node, std::string_view sql, StatementFacts& facts);

  // ---- walk_names.cc
  std::vector<Named> resolve(std::string_view schema, std::string_view name);
  std::vector<Named> resolve(const pg::RangeVar& var);
  std::optional<Named> resolve_text(std::string_view text);  // as regclass would
  std::string creation_name(const pg::RangeVar& var);
  Source read(const Named& named, bool only);
  void read_into(const Named& named, bool only, Source& source);
  void read_row_policies(const Relation& relation, char command);
  void planned_with(const Relation& relation);
  Touched& mark_select(const Relation& relation);
  void column_ref(const pg::ColumnRef& ref, const Scope& scope);
  bool column(std::string_view name, const Scope& scope);
  bool column_of(const Source& source, std::string_view name, const Scope& scope);
  void field_of(const Source& source, std::string_view name, const Scope& scope);
  void whole_row(const Source& source, const Scope& scope);
  void mark(const Source& source, const Column& column);
  void mark_whole(const Source& source, const Scope& scope);
  const Source* find_source(std::string_view alias, std::string_view schema, const Scope& scope, const Scope** where) const;
  Output columns_of(const Source& source);
  const Cte* find_cte(std::string_view name, const Scope& scope) const;

  // ---- walk_origin.cc: what masked columns a value comes from
  Origin origin_of(const Source& source, const Column& column);
  const Lineage& lineage_of(const Relation& view);
  void show(const Origin& origin) { sink_->add(origin); }
  Origin every_masked_column() const;
  enum class Passage : std::uint8_t {
    same,      // the value itself goes on
    computed,  // what goes on is made of it, and tells nothing that a mask would not hide
    used,      // it decides something
  };
  bool in_view() const;
  Origin* deciding();  // where it goes if something is decided by it
  Passage passage_of(const pg::Node& node);
  Passage passage_of(const pg::TypeCast& cast);
  Passage passage_of(const pg::FuncCall& call);
  Passage passage_of(const pg::A_Expr& expr);
  void used_by_output(const Nodes& nodes, const Output& output);
  void used_by_output(const pg::Node& node, const Output& output);

  // ---- walk_expression.cc
  void expression(const pg::Node& node, const Scope& scope);  // walk_origin.cc
  void value(const pg::Node& node, const Scope& scope);
  void expressions(const Nodes& nodes, const Scope& scope);
  void maybe(bool has, const pg::Node& node, const Scope& scope) {
    if (has) expression(node, scope);
  }
  bool json_node(const pg::Node& node, const Scope& scope);
  void json_value(const pg::JsonValueExpr& value, const Scope& scope);
  void json_output(const pg::JsonOutput& output);
  void json_func(const pg::JsonFuncExpr& call, const Scope& scope);
  void json_aggregate(const pg::JsonAggConstructor& aggregate, const Scope& scope);
  void json_table_columns(const Nodes& columns, const Scope& scope);
  void a_expr(const pg::A_Expr& expr, const Scope& scope);
  void a_const(const pg::A_Const& constant);
  void sublink(const pg::SubLink& link, const Scope& scope);
  void indirection(const pg::A_Indirection& node, const Scope& scope);
  void window(const pg::WindowDef& window, const Scope& scope);
  void sort(const Nodes& sorts, const Scope& scope);
  std::optional<std::string> constant_text(const pg::Node& node) const;
  std::optional<std::int64_t> constant_number(const pg::Node& node) const;

  // ---- walk_query.cc
  Output select(const pg::SelectStmt& select, const Scope* outer, bool lateral = true);
  Output select_into(const pg::SelectStmt& select, Scope& scope);
  Output query(const pg::Node& node, const Scope* outer, bool lateral = true);  // SELECT, or a write with RETURNING
  void with_queries(const pg::WithClause& clause, Scope& scope, const std::vector<Cte>& known);
  void with(bool has, const pg::WithClause& clause, Scope& scope);
  void from(const Nodes& items, Scope& scope);
  Output from_item(const pg::Node& item, Scope& scope);
  void from_query(const pg::RangeSubselect& sub, Scope& scope);
  void from_relation(const pg::RangeVar& var, Scope& scope);
  bool is_transition_table(const pg::RangeVar& var) const;
  Output from_join(const pg::JoinExpr& join, Scope& scope);
  void from_function(const pg::RangeFunction& function, Scope& scope);
  void from_sample(const pg::RangeTableSample& sample, Scope& scope);
  void from_xml_table(const pg::RangeTableFunc& table, Scope& scope);
  void from_json_table(const pg::JsonTable& table, Scope& scope);
  static Output join_of(const Output& left, const Output& right, const std::vector<std::string>& merged);
  void join_columns(const std::string& name, Scope& scope, std::size_t begin, std::size_t end);
  // FOR UPDATE and its kin: which entries of FROM they name.
  struct Locks {
    bool all = false;
    std::set<std::string_view> names;
  };
  static Locks locks_of(const Nodes& clauses);
  Locks locks_;  // of the query whose FROM is being walked
  void lock_rows(const Named& named, bool only);
  Output target_list(const Nodes& targets, Scope& scope);
  Output star(const pg::ColumnRef& ref, Scope& scope);
  Output values(const Nodes& rows, Scope& scope);
  static void rename(Source& source, const pg::Alias& alias);

  // ---- walk_write.cc
  enum class Event : std::uint8_t { insert, update, erase };
  // A write to one relation: of the statement's own, or of a rule, a view or a foreign key.
  struct Write {
    Event event = Event::insert;
    std::set<std::string> columns = {};  // that get a value
    bool all_columns = false;            // or any of them
    bool rules = true;                   // COPY and MERGE fire none
    bool only = false;
    bool checked = false;                                           // a view above has a CHECK OPTION
    std::set<std::tuple<Oid, Event, std::string>>* seen = nullptr;  // with their columns: foreign keys may lead in circles
  };
  Output insert(const pg::InsertStmt& stmt, const Scope* outer);
  Output update(const pg::UpdateStmt& stmt, const Scope* outer);
  Output erase(const pg::DeleteStmt& stmt, const Scope* outer);
  Output merge(const pg::MergeStmt& stmt, const Scope* outer);
  // The target as an entry of FROM. What is read of it is noted by settle_target(), once that is known.
  struct Target {
    std::vector<Named> named;
    bool only = false;
    std::size_t place = 0;  // in the scope
    Touched seen;
  };
  void place_target(const pg::RangeVar& var, Scope& scope, Target& target);
  enum class Reads : std::uint8_t { always, if_used };
  void merge_action(const pg::MergeWhenClause& action, const Target& target, Scope& scope);
  void settle_target(Target& target, Reads reads, bool returns);
  Output returning(bool has, const pg::ReturningClause& clause, Scope& scope, const Target& target);
  void assignments(const Nodes& targets, Scope& scope, Write& write);
  void note_where(bool has, const pg::Node& node, Scope& scope);
  void update_settings(const pg::UpdateStmt& stmt);
  void write_all(const Target& target, Write write);
  void write(const Named& named, Write& write);
  void write_view(const Relation& view, Write& write);
  void write_rows(const Relation& relation, Write& write);
  bool rules(const Relation& relation, const Write& write);                   // true: they stand instead of it
  bool triggers(const Relation& relation, const Write& write, bool instead);  // true: there was one
  void trigger_condition(const Relation& relation, const Trigger& trigger);
  void column_expressions(const Relation& relation, const Write& write);
  void check_option(const Relation& view, const pg::SelectStmt& select, const Relation& base);
  bool moves_rows(const Relation& relation, const Write& write) const;
  void rows_move(const Relation& relation, Write& moved);
  void relation_checks(const Relation& relation);
  void cascades(const Relation& relation, Write& write);
  void note_write(const std::string& name, const Write& write);
  void truncate(const pg::TruncateStmt& stmt);
  void truncate_relation(const Relation& relation, bool cascade, bool only, std::set<Oid>& seen);
  void lock_table(const pg::LockStmt& stmt);
  void lock_relation(const Named& named, bool only);
  void refresh(const pg::RefreshMatViewStmt& stmt);

  // ---- walk_copy.cc
  void copy(const pg::CopyStmt& stmt, StatementFacts& facts);
  void copied_out(const Source& source, const Words& names, const Scope& scope);

  // ---- walk_function.cc
  void call(const pg::FuncCall& call, const Scope& scope);
  void call_name(const Words& name, int arguments, const Nodes* nodes, const Scope& scope);
  void attribute_call(std::string_view name, const Scope& scope);
  bool run_builtin(std::string_view name, int arguments, const Nodes* nodes, const Scope& scope);
  void apply_builtin(const BuiltinFunction& what, std::string_view full_name, const Nodes* nodes, const Scope& scope);
  void sequence(const BuiltinFunction& what, const Nodes* nodes);
  void set_config(const Nodes* nodes);
  std::vector<const Function*> candidates(std::string_view schema, std::string_view name, int arguments) const;
  std::vector<const Operator*> operator_candidates(std::string_view schema, std::string_view name) const;
  void operator_call(const Nodes& name, const Scope& scope);
  void operator_call(std::string_view name);
  void operator_call(std::string_view schema, std::string_view name);
  void cast_to(const pg::TypeName& type, bool literal);
  void cast_to(Oid type, bool literal, int depth = 0);
  void converted_to(Oid type);
  void mixed();
  bool at_hand(Oid type) const;
  void type_used(Oid type, int depth = 0);
  const Type* find_type(const pg::TypeName& type);
  const Type* find_type(std::string_view schema, std::string_view name) const;
  std::size_t place(std::string_view schema) const;  // in the path; npos if not on it

  // ---- walk_body.cc
  std::shared_ptr<const Reach> body(const std::string& key, Reading reading, bool whole,
                                    const std::function<void(Walker&)>& read);
  std::shared_ptr<const Reach> view_body(const Relation& view);
  Output view_text(const std::string& text);
  void ran(const std::shared_ptr<const Reach>& body);
  void rule_actions(const Relation& relation, const Rule& rule);
  void printed_check(const std::string& key, std::string_view text);
  void sql_body(const Function& function);
  void sql_standard_body(const pg::Node& node, StatementFacts& facts);
  void variable_like_column(std::string_view table, std::string_view name);
  void plpgsql_fragment(std::string_view query, int mode);
  void plpgsql_body(const std::string& create, const Function* function);
  void do_block(const pg::DoStmt& stmt);
  Reading reading_for(const Function& function) const;

  // ---- walk_utility.cc
  bool utility(const pg::Node& node, std::string_view sql, StatementFacts& facts);
  void set_statement(const pg::VariableSetStmt& stmt, StatementFacts& facts);
  void set_setting(std::string_view name, const std::optional<std::string>& value, bool known, bool local);
  void transaction(const pg::TransactionStmt& stmt, StatementFacts& facts);
  void explain(const pg::ExplainStmt& stmt, StatementFacts& facts);
  void prepare(const pg::PrepareStmt& stmt, std::string_view sql, StatementFacts& facts);
  const pg::Node* named_query(const pg::ParseResult& tree, std::string_view name, bool cursor) const;
  void execute(const pg::ExecuteStmt& stmt, StatementFacts& facts);
  void declare(const pg::DeclareCursorStmt& stmt, std::string_view sql, StatementFacts& facts);
  void fetch(const pg::FetchStmt& stmt, StatementFacts& facts);
  void call_procedure(const pg::CallStmt& stmt);
  void discard(const pg::DiscardStmt& stmt);
  void admin_on(const pg::RangeVar& var, std::string_view why);
  void vacuum(const pg::VacuumStmt& stmt);

  // ---- walk_definition.cc
  bool definition(const pg::Node& node, std::string_view sql, StatementFacts& facts);
  bool administration(const pg::Node& node, StatementFacts& facts);
  void define(std::string_view why);  // raises ddl, and runs event triggers
  void defines(const std::string& object, ObjectKind kind = ObjectKind::table, bool listed = true);
  void create_table(const pg::CreateStmt& stmt);
  void create_table_as(const pg::CreateTableAsStmt& stmt, StatementFacts& facts);
  void into(const pg::IntoClause& clause);
  void create_view(const pg::ViewStmt& stmt, std::string_view sql);
  void create_schema(const pg::CreateSchemaStmt& stmt, StatementFacts& facts);
  void create_function(const pg::CreateFunctionStmt& stmt, std::string_view sql);
  void create_index(const pg::IndexStmt& stmt, StatementFacts& facts);
  void alter_table(const pg::AlterTableStmt& stmt);
  void drop(const pg::DropStmt& stmt);
  void definition_expression(const Relation* relation, const std::string& name, const pg::Node& node, bool runs);
  void column_definition(const pg::ColumnDef& column, const Relation* relation, const std::string& name, bool runs);
  void constraint(const pg::Constraint& constraint, const Relation* relation, const std::string& name, bool runs);
  void defines_relation(const pg::RangeVar& var);
  void object_of(const pg::Node& object, pg::ObjectType type);
  void create_trigger(const pg::CreateTrigStmt& stmt);
  bool is_temporary(const pg::RangeVar& var);

  // What the statement itself does, unless it is only planned.
  void does(Danger danger, std::string_view why) {
    if (!reading_.dry) reach_.raise(danger, why);
  }

  const Catalog& catalog_;
  TextState& text_;
  Reach& reach_;
  const Reading reading_;
  std::vector<const Relation*> targets_;  // of the writes being walked
  bool numbers_are_plain_ = true;         // where we are, a whole number is only a value
  bool locking_ = false;                  // relations of this FROM are locked
  bool alone_ = true;                     // the statement is one SELECT of one call: SELECT set_config(…)
  bool saw_column_ = false;               // since somebody last asked
  Origin used_;                           // of masked columns: what decides, is compared, is written
  Origin* sink_ = &used_;                 // where what is being read goes
  Output given_;                          // by a statement that is no query: FETCH, EXECUTE, COPY
};

Words words(const Nodes& nodes);
// Sets a member while a thought lasts.
template <class T>
class Restore {
 public:
  Restore(T& what, T value) : what_(what), before_(std::exchange(what, std::move(value))) {}
  ~Restore() { what_ = std::move(before_); }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  T& what_;
  T before_;
};
bool is_temp_schema(std::string_view schema);
bool is_untyped(const pg::Node* node);
// Splits "a"."B".c as the server does for regclass; nullopt if it is not a name.
std::optional<std::vector<std::string>> split_name(std::string_view text);
std::vector<std::string> effective_path(const Catalog& catalog, const SessionState& session, const std::vector<std::string>& set);

}  // namespace narrowgate::postgres
