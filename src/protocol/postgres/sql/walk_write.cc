// INSERT, UPDATE, DELETE, MERGE; and what rules, triggers, defaults and foreign keys make of them.
#include "protocol/postgres/sql/parse.h"
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

constexpr bool overlap(const std::set<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(b.begin(), b.end(), [&](const std::string& name) { return a.contains(name); });
}

// Does anything in it look at a column? WHERE true is no WHERE.
bool names_a_column(const pg::Node& node) {
  switch (node.node_case()) {
    case pg::Node::kColumnRef:
    case pg::Node::kCurrentOfExpr: return true;
    case pg::Node::kAExpr: return names_a_column(node.a_expr().lexpr()) || names_a_column(node.a_expr().rexpr());
    case pg::Node::kBoolExpr: {
      const auto& args = node.bool_expr().args();
      if (node.bool_expr().boolop() == pg::AND_EXPR) return std::any_of(args.begin(), args.end(), names_a_column);
      return !args.empty() && std::all_of(args.begin(), args.end(), names_a_column);
    }
    case pg::Node::kNullTest: return names_a_column(node.null_test().arg());
    case pg::Node::kBooleanTest: return names_a_column(node.boolean_test().arg());
    case pg::Node::kTypeCast: return names_a_column(node.type_cast().arg());
    case pg::Node::kSubLink:
      return names_a_column(node.sub_link().testexpr()) || node.sub_link().sub_link_type() == pg::EXISTS_SUBLINK;
    case pg::Node::kFuncCall: {
      const auto& args = node.func_call().args();
      return std::any_of(args.begin(), args.end(), names_a_column);
    }
    case pg::Node::kCoalesceExpr: {
      const auto& args = node.coalesce_expr().args();
      return std::any_of(args.begin(), args.end(), names_a_column);
    }
    case pg::Node::kRowExpr: {
      const auto& args = node.row_expr().args();
      return std::any_of(args.begin(), args.end(), names_a_column);
    }
    case pg::Node::kCollateClause: return names_a_column(node.collate_clause().arg());
    default: return false;
  }
}

bool has_default(const pg::SelectStmt& select) {
  for (const pg::Node& row : select.values_lists())
    for (const pg::Node& item : row.list().items())
      if (item.has_set_to_default()) return true;
  return false;
}

}  // namespace

// ---- the target

void Walker::place_target(const pg::RangeVar& var, Scope& scope, Target& target) {
  target.named = resolve(var);
  target.only = !var.inh();
  target.place = scope.sources.size();
  Source source{.alias = var.relname(), .relation = target.named.front().relation, .marks = {&target.seen}, .is_table = true};
  source.columns.complete = source.columns.placed = source.relation != nullptr;
  source.schema = target.named.front().name.substr(0, target.named.front().name.find('.'));
  if (var.has_alias()) rename(source, var.alias());
  scope.star.append(columns_of(source));
  scope.sources.push_back(std::move(source));
  for (const Named& named : target.named)
    if (named.relation != nullptr) targets_.push_back(named.relation);
}

// A statement reads what it changes or takes away. A function that does so keeps that to itself, unless it asks for rows back.
void Walker::settle_target(Target& target, Reads reads, bool returns) {
  const bool used = target.seen.whole || !target.seen.columns.empty();
  const bool behind = std::any_of(target.named.begin(), target.named.end(), [](const Named& named) {
    return named.view || (named.relation != nullptr && (named.relation->kind == 'v' || named.relation->row_security));
  });
  const bool visible = !reading_.in_body || returns || behind;
  if (!visible || (reads == Reads::if_used && !used)) return;
  Reach aside;  // its rows are looked at even where none of its columns is
  Walker reader(catalog_, text_, used ? reach_ : aside, reading_);
  for (const Named& named : target.named) {
    const Source source = reader.read(named, target.only);
    for (Touched* touched : source.marks) {
      touched->whole = touched->whole || target.seen.whole;
      touched->columns.insert(target.seen.columns.begin(), target.seen.columns.end());
      touched->sensitive = touched->sensitive || target.seen.sensitive;
    }
  }
  if (!used) {
    for (const std::string& name : aside.all_reads()) reach_.reads(name);
    for (const std::string& name : aside.all_writes()) reach_.writes(name);
    reach_.raise(aside.danger(), aside.why());
  }
}

Output Walker::returning(bool has, const pg::ReturningClause& clause, Scope& scope, const Target& target) {
  if (!has) return {};
  Scope rows{&scope};
  rows.stars = &scope;  // RETURNING * means the tables, not their other names
  Source row = scope.sources[target.place];
  for (const std::string_view name : {"old", "new"}) {
    row.alias = name;
    rows.sources.push_back(row);
  }
  for (const pg::Node& option : clause.options()) {
    row.alias = option.returning_option().value();
    rows.sources.push_back(row);
  }
  return target_list(clause.exprs(), rows);
}

void Walker::note_where(bool has, const pg::Node& node, Scope& scope) {
  maybe(has, node, scope);
  if (!has || !names_a_column(node)) reach_.updates_everything();
}

void Walker::assignments(const Nodes& targets, Scope& scope, Write& write) {
  for (const pg::Node& node : targets) {
    const pg::ResTarget& target = node.res_target();
    if (!target.name().empty()) write.columns.insert(target.name());
    for (const pg::Node& step : target.indirection())
      if (!step.has_string()) expression(step, scope);
    maybe(target.has_val(), target.val(), scope);
  }
}

// ---- the statements

Output Walker::insert(const pg::InsertStmt& stmt, const Scope* outer) {
  const std::size_t targets = targets_.size();
  Scope scope{outer};
  with(stmt.has_with_clause(), stmt.with_clause(), scope);
  Write write{.event = Event::insert};
  for (const pg::Node& node : stmt.cols()) {
    write.columns.insert(node.res_target().name());
    for (const pg::Node& step : node.res_target().indirection())
      if (!step.has_string()) expression(step, scope);
  }
  const Output values = stmt.has_select_stmt() ? query(stmt.select_stmt(), &scope) : Output{};
  sink_->add(values.everything());
  Scope rows{&scope};
  Target target;
  place_target(stmt.relation(), rows, target);
  const Relation* relation = target.named.front().relation;
  if (stmt.cols_size() == 0 && relation != nullptr && values.complete)  // the first so many columns
    for (std::size_t i = 0; i < std::min(values.columns.size(), relation->columns.size()); ++i)
      write.columns.insert(relation->columns[i].name);
  if (stmt.has_select_stmt() && has_default(stmt.select_stmt().select_stmt())) write.all_columns = true;

  Reads reads = Reads::if_used;
  Write conflict{.event = Event::update};
  const pg::OnConflictClause& clause = stmt.on_conflict_clause();
  const bool updates = stmt.has_on_conflict_clause() && clause.action() == pg::ONCONFLICT_UPDATE;
  if (stmt.has_on_conflict_clause()) {
    Source excluded = rows.sources[target.place];
    excluded.alias = "excluded";
    excluded.marks.clear();
    excluded.brought = true;
    Scope on_conflict{&rows};
    on_conflict.sources = rows.sources;
    Touched arbiter;  // an index is named by its columns; what they hold is told only by what happens to the row
    Scope index{&rows};
    index.sources = rows.sources;
    if (!updates) index.sources[target.place].marks = {&arbiter};
    for (const pg::Node& element : clause.infer().index_elems()) {
      if (updates && !element.index_elem().name().empty()) target.seen.add(element.index_elem().name());
      maybe(element.index_elem().has_expr(), element.index_elem().expr(), index);
    }
    maybe(clause.infer().has_where_clause(), clause.infer().where_clause(), index);
    on_conflict.sources.push_back(std::move(excluded));
    assignments(clause.target_list(), on_conflict, conflict);
    maybe(clause.has_where_clause(), clause.where_clause(), on_conflict);
    if (updates) reads = Reads::always;
  }
  Output out = returning(stmt.has_returning_clause(), stmt.returning_clause(), rows, target);
  settle_target(target, reads, stmt.has_returning_clause());
  write_all(target, std::move(write));
  if (updates) {
    conflict.rules = false;
    write_all(target, std::move(conflict));
  }
  targets_.resize(targets);
  return out;
}

Output Walker::update(const pg::UpdateStmt& stmt, const Scope* outer) {
  const std::size_t targets = targets_.size();
  Scope scope{outer};
  with(stmt.has_with_clause(), stmt.with_clause(), scope);
  Target target;
  place_target(stmt.relation(), scope, target);
  from(stmt.from_clause(), scope);
  Write write{.event = Event::update};
  assignments(stmt.target_list(), scope, write);
  note_where(stmt.has_where_clause(), stmt.where_clause(), scope);
  Output out = returning(stmt.has_returning_clause(), stmt.returning_clause(), scope, target);
  settle_target(target, Reads::always, stmt.has_returning_clause());
  const Relation* relation = target.named.front().relation;
  if (relation != nullptr && relation->system() && relation->full_name == "pg_catalog.pg_settings") update_settings(stmt);
  else write_all(target, std::move(write));
  targets_.resize(targets);
  return out;
}

// A rule of pg_settings turns this into set_config for every row found.
void Walker::update_settings(const pg::UpdateStmt& stmt) {
  const pg::A_Expr& where = stmt.where_clause().a_expr();
  const auto& targets = stmt.target_list();
  const bool by_name = stmt.where_clause().has_a_expr() && where.kind() == pg::AEXPR_OP && words(where.name()) == Words{"="} &&
                       where.lexpr().has_column_ref() && words(where.lexpr().column_ref().fields()).back() == "name";
  const auto name = by_name ? constant_text(where.rexpr()) : std::nullopt;
  const auto value = targets.size() == 1 ? constant_text(targets[0].res_target().val()) : std::nullopt;
  if (name) return set_setting(*name, value, value.has_value() && stmt.from_clause_size() == 0, false);
  reach_.changes({Change::What::forget_settings});
  reach_.not_understood("sets settings whose names are computed");
}

Output Walker::erase(const pg::DeleteStmt& stmt, const Scope* outer) {
  const std::size_t targets = targets_.size();
  Scope scope{outer};
  with(stmt.has_with_clause(), stmt.with_clause(), scope);
  Target target;
  place_target(stmt.relation(), scope, target);
  from(stmt.using_clause(), scope);
  note_where(stmt.has_where_clause(), stmt.where_clause(), scope);
  Output out = returning(stmt.has_returning_clause(), stmt.returning_clause(), scope, target);
  settle_target(target, Reads::always, stmt.has_returning_clause());
  write_all(target, {.event = Event::erase});
  targets_.resize(targets);
  return out;
}

Output Walker::merge(const pg::MergeStmt& stmt, const Scope* outer) {
  const std::size_t targets = targets_.size();
  Scope scope{outer};
  with(stmt.has_with_clause(), stmt.with_clause(), scope);
  Target target;
  place_target(stmt.relation(), scope, target);
  scope.star.append(from_item(stmt.source_relation(), scope));
  scope.star.placed = false;  // versions differ
  note_where(stmt.has_join_condition(), stmt.join_condition(), scope);
  for (const pg::Node& node : stmt.merge_when_clauses()) merge_action(node.merge_when_clause(), target, scope);
  Output out = returning(stmt.has_returning_clause(), stmt.returning_clause(), scope, target);
  settle_target(target, Reads::always, stmt.has_returning_clause());
  targets_.resize(targets);
  return out;
}

void Walker::merge_action(const pg::MergeWhenClause& action, const Target& target, Scope& scope) {
  maybe(action.has_condition(), action.condition(), scope);
  Write write{.rules = false};
  assignments(action.target_list(), scope, write);
  expressions(action.values(), scope);
  switch (action.command_type()) {
    case pg::CMD_INSERT: {
      const bool defaults = std::any_of(action.values().begin(), action.values().end(),
                                        [](const pg::Node& node) { return node.has_set_to_default(); });
      write.event = Event::insert;
      write.all_columns = defaults;
      return write_all(target, std::move(write));
    }
    case pg::CMD_UPDATE: write.event = Event::update; return write_all(target, std::move(write));
    case pg::CMD_DELETE:
      if (action.match_kind() == pg::MERGE_WHEN_NOT_MATCHED_BY_SOURCE) reach_.updates_everything();
      write.event = Event::erase;
      return write_all(target, std::move(write));
    case pg::CMD_NOTHING: return;
    default: return reach_.not_understood("a MERGE action of a kind that is not on the list");
  }
}

// ---- what a write to a relation leads to

void Walker::write_all(const Target& target, Write write) {
  Origin aside;  // what triggers and constraints do with masked columns, their maker answers for
  const Restore inside(sink_, &aside);
  write.only = target.only;
  std::set<std::tuple<Oid, Event, std::string>> seen;
  write.seen = &seen;
  for (const Named& named : target.named) {
    if (named.relation != nullptr && named.relation->row_security) {
      constexpr char commands[] = {'a', 'w', 'd'};
      read_row_policies(*named.relation, commands[static_cast<int>(write.event)]);
    }
    this->write(named, write);
  }
}

void Walker::note_write(const std::string& name, const Write& write) {
  constexpr std::string_view verbs[] = {"INSERT", "UPDATE", "DELETE"};
  const std::string_view verb = verbs[static_cast<int>(write.event)];
  does(Danger::write, fmt::format("{} on {}", verb, name));
  if (reading_.dry) return;
  Touched& touched = reach_.touch(verb, name);
  if (write.event == Event::erase || write.columns.empty()) touched.whole = true;
  for (const std::string& column : write.columns) touched.add(column);
  reach_.writes(name);
}

void Walker::write(const Named& named, Write& write) {
  if (named.relation == nullptr) {
    if (named.view) return reach_.not_understood(fmt::format("a write to {}, a view that is not in the catalog", named.name));
    return note_write(named.name, write);
  }
  const Relation& relation = *named.relation;
  if (relation.system()) does(Danger::admin, fmt::format("changes {}, which is PostgreSQL's own", relation.full_name));
  reach_.rests_on_relation(relation.oid);
  if (write.rules && rules(relation, write)) return;  // the write itself is none, but it was asked for
  if (relation.kind == 'v') return write_view(relation, write);
  write_rows(relation, write);
  const bool below = write.event == Event::insert ? relation.kind == 'p' : !write.only;
  if (!below) return;
  if (moves_rows(relation, write) && !reading_.dry) {
    for (const Event other : {Event::erase, Event::insert}) {
      Write moved{.event = other, .all_columns = true, .rules = false, .seen = write.seen};
      rows_move(relation, moved);
    }
  }
  for (const Oid child : relation.children)
    if (const Relation* one = catalog_.relation(child)) {
      Write same = write;
      same.rules = same.only = false;
      this->write({one, one->full_name}, same);
    }
}

// A view of one relation passes the write on to it, unless a trigger stands instead.
void Walker::write_view(const Relation& view, Write& write) {
  note_write(view.full_name, write);
  if (write.event == Event::insert) column_expressions(view, write);
  if (triggers(view, write, true) || view.system()) return;
  const auto parsed = parse_sql(view.definition);
  if (!parsed.ok() || parsed->tree().stmts_size() != 1)
    return reach_.not_understood(fmt::format("view {} cannot be read", view.full_name));
  const pg::SelectStmt& select = parsed->tree().stmts(0).stmt().select_stmt();
  if (select.from_clause_size() != 1 || !select.from_clause(0).has_range_var()) return;  // the server refuses
  Write behind = write;
  behind.columns.clear();
  for (const pg::Node& node : select.target_list()) {
    const pg::ResTarget& target = node.res_target();
    if (!target.val().has_column_ref() || target.val().column_ref().fields().empty()) continue;
    const std::string column(words(target.val().column_ref().fields()).back());
    if (write.columns.contains(target.name().empty() ? column : target.name())) behind.columns.insert(column);
  }
  if (behind.columns.size() != write.columns.size()) behind.columns.clear(), behind.all_columns = true;
  const pg::RangeVar& var = select.from_clause(0).range_var();
  behind.only = !var.inh();
  const Relation* base = catalog_.relation(var.schemaname().empty() ? "pg_catalog" : var.schemaname(), var.relname());
  if (base == nullptr)
    return reach_.not_understood(fmt::format("view {} is over a relation that is not in the catalog", view.full_name));
  behind.rules = true;
  if (base->row_security) read_row_policies(*base, "awd"[static_cast<int>(write.event)]);
  behind.checked = write.checked || view.check_option;
  if (behind.checked && write.event != Event::erase) check_option(view, select, *base);
  this->write({base, base->full_name}, behind);
}

// Run on what is written, which is no reading of the relation behind.
void Walker::check_option(const Relation& view, const pg::SelectStmt& select, const Relation& base) {
  Scope rows;
  rows.sources.push_back({.alias = select.from_clause(0).range_var().relname(), .relation = &base, .is_table = true});
  if (select.from_clause(0).range_var().has_alias()) rename(rows.sources.back(), select.from_clause(0).range_var().alias());
  Reading reading{.dry = reading_.dry, .printed = true, .path = {"pg_catalog"}};
  body(fmt::format("o{}", view.oid), reading, false,
       [&](Walker& walker) { walker.maybe(select.has_where_clause(), select.where_clause(), rows); });
}

// May an UPDATE of these columns carry a row into another partition? There it is inserted, and here deleted.
bool Walker::moves_rows(const Relation& relation, const Write& write) const {
  if (write.event != Event::update || relation.kind != 'p') return false;
  const bool any = write.all_columns || write.columns.empty() || relation.partition_key_computed;
  return any || overlap(write.columns, relation.partition_keys) ||
         std::any_of(relation.triggers.begin(), relation.triggers.end(),
                     [](const Trigger& one) { return one.before && one.row && one.on_update; });
}

void Walker::rows_move(const Relation& relation, Write& moved) {
  constexpr int kCascadesWithTheRoot = 150000;  // before, a row that moved was gone for the foreign keys that point to it
  if (moved.event == Event::erase && catalog_.server_version() < kCascadesWithTheRoot) cascades(relation, moved);
  for (const Oid child : relation.children)
    if (const Relation* one = catalog_.relation(child)) {
      triggers(*one, moved, false);
      rows_move(*one, moved);
    }
}

void Walker::write_rows(const Relation& relation, Write& write) {
  if (write.seen != nullptr &&
      !write.seen->insert({relation.oid, write.event, fmt::format("{}", fmt::join(write.columns, ","))}).second)
    return;
  note_write(relation.full_name, write);
  if (write.event != Event::erase) column_expressions(relation, write);
  if (reading_.dry) return;  // planned: nothing fires
  triggers(relation, write, false);
  cascades(relation, write);
}

// Defaults of what is not given, generated columns, checks, expressions of indexes; domains of what is.
void Walker::column_expressions(const Relation& relation, const Write& write) {
  const bool inserts = write.event == Event::insert;
  for (const Column& column : relation.columns) {
    const bool given = write.columns.contains(column.name);
    const bool written = given || inserts || write.all_columns;
    const bool computed = column.generated || write.all_columns || (inserts ? !given : given);
    const Type* type = column.expression.empty() && computed ? catalog_.type(column.type) : nullptr;
    if (type != nullptr) printed_check(fmt::format("td{}", type->oid), type->default_expression);
    if (!column.expression.empty() && computed) {
      const std::string key = fmt::format("c{}.{}", relation.oid, column.name);
      targets_.push_back(&relation);
      printed_check(key, column.expression);
      targets_.pop_back();
    }
    if (written) cast_to(column.type, false);
  }
  relation_checks(relation);
}

// What its constraints and indexes call.
void Walker::relation_checks(const Relation& relation) {
  for (std::size_t i = 0; i < relation.checks.size(); ++i)
    printed_check(fmt::format("k{}.{}", relation.oid, i), relation.checks[i]);
  for (const Oid function : relation.index_functions) run_function(function, 2);
}

bool Walker::rules(const Relation& relation, const Write& write) {
  constexpr char events[] = {'3', '2', '4'};
  bool instead = false;
  for (const Rule& rule : relation.rules) {
    if (rule.event != events[static_cast<int>(write.event)]) continue;
    if (relation.system()) continue;
    const std::string key = fmt::format("rule {} {}", relation.oid, rule.event);
    if (!text_.reading.insert(key).second) continue;  // the server would refuse a rule that leads to itself
    does(Danger::write, fmt::format("a rule of {}", relation.full_name));
    if (!reading_.dry) {
      constexpr std::string_view verbs[] = {"INSERT", "UPDATE", "DELETE"};
      Touched& asked = reach_.touch(verbs[static_cast<int>(write.event)], relation.full_name);
      if (write.event == Event::erase || write.columns.empty()) asked.whole = true;
      for (const std::string& column : write.columns) asked.add(column);
    }
    rule_actions(relation, rule);
    text_.reading.erase(key);
    instead = instead || (rule.instead && !rule.conditional);
  }
  return instead;
}

bool Walker::triggers(const Relation& relation, const Write& write, bool instead) {
  bool any = false;
  const bool before =
      std::any_of(relation.triggers.begin(), relation.triggers.end(), [](const Trigger& one) { return one.before && one.row; });
  const bool generated =
      std::any_of(relation.columns.begin(), relation.columns.end(), [](const Column& one) { return one.generated; });
  for (const Trigger& trigger : relation.triggers) {
    const bool fires = write.event == Event::insert   ? trigger.on_insert
                       : write.event == Event::update ? trigger.on_update
                                                      : trigger.on_delete;
    if (!fires || trigger.instead != instead || trigger.enabled == 'R') continue;
    const bool chosen = write.event != Event::update || trigger.columns.empty() || write.all_columns || before || generated ||
                        overlap(write.columns, trigger.columns);
    if (!chosen) continue;
    any = true;
    if (reading_.dry) continue;
    if (!trigger.definition.empty()) trigger_condition(relation, trigger);
    run_function(trigger.function, 0);
  }
  return any;
}

void Walker::trigger_condition(const Relation& relation, const Trigger& trigger) {
  Reading reading{.printed = true, .path = {"pg_catalog"}};
  body(fmt::format("w{}.{}", relation.oid, trigger.definition), reading, false, [&](Walker& walker) {
    const auto parsed = parse_sql(trigger.definition);
    if (!parsed.ok() || parsed->tree().stmts_size() != 1 || !parsed->tree().stmts(0).stmt().has_create_trig_stmt())
      return walker.reach_.not_understood(fmt::format("a trigger of {} that cannot be read", relation.full_name));
    const pg::CreateTrigStmt& stmt = parsed->tree().stmts(0).stmt().create_trig_stmt();
    Scope rows;
    rows.sources.push_back({.alias = "old", .relation = &relation});
    rows.sources.push_back({.alias = "new", .relation = &relation});
    walker.maybe(stmt.has_when_clause(), stmt.when_clause(), rows);
  });
}

void Walker::cascades(const Relation& relation, Write& write) {
  if (write.event == Event::insert) return;
  const bool any_column = write.all_columns || std::any_of(relation.triggers.begin(), relation.triggers.end(),
                                                           [](const Trigger& one) { return one.before && one.row; });
  for (const Reference& reference : relation.referenced_by) {
    const Relation* child = catalog_.relation(reference.child);
    const char action = write.event == Event::erase ? reference.on_delete : reference.on_update;
    if (child == nullptr || (action != 'c' && action != 'n' && action != 'd')) continue;
    if (write.event == Event::update && !any_column && !overlap(write.columns, reference.keys)) continue;
    Write further{
        .event = write.event == Event::erase && action == 'c' ? Event::erase : Event::update, .rules = false, .seen = write.seen};
    if (further.event == Event::update) further.columns.insert(reference.child_columns.begin(), reference.child_columns.end());
    this->write({child, child->full_name}, further);
  }
}

// ---- TRUNCATE, LOCK, REFRESH

void Walker::truncate(const pg::TruncateStmt& stmt) {
  std::set<Oid> seen;
  for (const pg::Node& node : stmt.relations())
    for (const Named& named : resolve(node.range_var())) {
      does(Danger::write, fmt::format("TRUNCATE {}", named.name));
      reach_.touch("TRUNCATE", named.name);
      reach_.writes(named.name);
      if (named.relation != nullptr)
        truncate_relation(*named.relation, stmt.behavior() == pg::DROP_CASCADE, !node.range_var().inh(), seen);
    }
}

void Walker::truncate_relation(const Relation& relation, bool cascade, bool only, std::set<Oid>& seen) {
  if (!seen.insert(relation.oid).second) return;
  if (relation.system()) does(Danger::admin, fmt::format("changes {}, which is PostgreSQL's own", relation.full_name));
  reach_.touch("TRUNCATE", relation.full_name);
  reach_.writes(relation.full_name);
  reach_.rests_on_relation(relation.oid);
  for (const Trigger& trigger : relation.triggers)
    if (trigger.on_truncate && trigger.enabled != 'R') run_function(trigger.function, 0);
  if (!only)
    for (const Oid child : relation.children)
      if (const Relation* one = catalog_.relation(child)) truncate_relation(*one, cascade, false, seen);
  if (!cascade) return;
  for (const Reference& reference : relation.referenced_by)
    if (const Relation* one = catalog_.relation(reference.child)) truncate_relation(*one, true, false, seen);
}

void Walker::lock_table(const pg::LockStmt& stmt) {
  for (const pg::Node& node : stmt.relations())
    for (const Named& named : resolve(node.range_var())) {
      does(Danger::session, fmt::format("locks {}", named.name));
      lock_relation(named, !node.range_var().inh());
    }
}

// Locking a view locks what it reads.
void Walker::lock_relation(const Named& named, bool only) {
  reach_.touch("LOCK", named.name);
  reach_.writes(named.name);
  if (named.relation == nullptr) return;
  reach_.rests_on_relation(named.relation->oid);
  if (named.relation->kind == 'v' && !named.relation->system()) {
    Reach behind;
    Walker(catalog_, text_, behind, reading_).view_body(*named.relation);
    for (const std::string& name : behind.all_reads()) {
      reach_.touch("LOCK", name);
      reach_.writes(name);
    }
  }
  if (only) return;
  for (const Oid child : named.relation->children)
    if (const Relation* one = catalog_.relation(child)) lock_relation({one, one->full_name}, false);
}

void Walker::refresh(const pg::RefreshMatViewStmt& stmt) {
  for (const Named& named : resolve(stmt.relation())) {
    does(Danger::write, fmt::format("REFRESH {}", named.name));
    if (!reading_.dry) {
      reach_.touch("INSERT", named.name).whole = true;
      reach_.writes(named.name);
    }
    if (named.relation == nullptr) continue;
    reach_.rests_on_relation(named.relation->oid);
    if (named.relation->kind == 'm') view_body(*named.relation);
    if (!reading_.dry) relation_checks(*named.relation);
  }
}

}  // namespace narrowgate::postgres
