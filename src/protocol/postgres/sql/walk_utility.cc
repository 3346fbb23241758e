// Everything that is neither a query nor a definition: settings, transactions, cursors, prepared statements, messages.
#include "protocol/postgres/sql/parse.h"
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// As the server reads a boolean option: absent is true.
bool option_is_on(const pg::DefElem& option) {
  if (!option.has_arg()) return true;
  if (option.arg().has_integer()) return option.arg().integer().ival() != 0;
  if (option.arg().has_boolean()) return option.arg().boolean().boolval();
  const std::string value = lower(option.arg().string().sval());
  return value != "off" && value != "false" && value != "0" && value != "no" && value != "f" && value != "n";
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

std::optional<std::string> setting_word(const pg::Node& node) {
  if (node.has_type_cast()) return setting_word(node.type_cast().arg());
  if (!node.has_a_const()) return std::nullopt;
  const pg::A_Const& constant = node.a_const();
  if (constant.has_sval()) return constant.sval().sval();
  if (constant.has_ival()) return std::to_string(constant.ival().ival());
  if (constant.has_fval()) return constant.fval().fval();
  if (constant.has_boolval()) return std::string(constant.boolval().boolval() ? "on" : "off");
  return std::nullopt;
}

}  // namespace

bool Walker::utility(const pg::Node& node, std::string_view sql, StatementFacts& facts) {
  using Case = pg::Node::NodeCase;
  switch (node.node_case()) {
    case Case::kVariableSetStmt: return set_statement(node.variable_set_stmt(), facts), true;
    case Case::kVariableShowStmt: return true;
    case Case::kTransactionStmt: return transaction(node.transaction_stmt(), facts), true;
    case Case::kExplainStmt: return explain(node.explain_stmt(), facts), true;
    case Case::kPrepareStmt: return prepare(node.prepare_stmt(), sql, facts), true;
    case Case::kExecuteStmt: return execute(node.execute_stmt(), facts), true;
    case Case::kDeallocateStmt:
      does(Danger::session, "DEALLOCATE");
      reach_.changes({Change::What::deallocate, node.deallocate_stmt().isall() ? "" : node.deallocate_stmt().name()});
      return true;
    case Case::kDeclareCursorStmt: return declare(node.declare_cursor_stmt(), sql, facts), true;
    case Case::kFetchStmt: return fetch(node.fetch_stmt(), facts), true;
    case Case::kClosePortalStmt:
      does(Danger::session, "CLOSE");
      reach_.changes({Change::What::close, node.close_portal_stmt().portalname()});
      return true;
    case Case::kCopyStmt: return copy(node.copy_stmt(), facts), true;
    case Case::kDoStmt: facts.controls_transaction = true; return do_block(node.do_stmt()), true;
    case Case::kCallStmt: facts.controls_transaction = true; return call_procedure(node.call_stmt()), true;
    case Case::kTruncateStmt: return truncate(node.truncate_stmt()), true;
    case Case::kLockStmt: return lock_table(node.lock_stmt()), true;
    case Case::kRefreshMatViewStmt: return refresh(node.refresh_mat_view_stmt()), true;
    case Case::kListenStmt:
    case Case::kUnlistenStmt: return does(Danger::session, "LISTEN"), true;
    case Case::kNotifyStmt:
      does(Danger::write, "NOTIFY: a message to other sessions");
      reach_.touch("CALL", "pg_catalog.pg_notify", ObjectKind::function);
      return true;
    case Case::kConstraintsSetStmt: return does(Danger::session, "SET CONSTRAINTS"), true;
    case Case::kDiscardStmt: return discard(node.discard_stmt()), true;
    case Case::kVacuumStmt: facts.no_transaction = node.vacuum_stmt().is_vacuumcmd(); return vacuum(node.vacuum_stmt()), true;
    case Case::kClusterStmt: facts.no_transaction = true; return admin_on(node.cluster_stmt().relation(), "CLUSTER"), true;
    case Case::kReindexStmt: facts.no_transaction = true; return admin_on(node.reindex_stmt().relation(), "REINDEX"), true;
    case Case::kCheckPointStmt: return does(Danger::admin, "CHECKPOINT"), true;
    case Case::kLoadStmt: return does(Danger::admin, "LOAD: native code"), true;
    default: return false;
  }
}

// ---- settings

void Walker::set_setting(std::string_view given, const std::optional<std::string>& value, bool known, bool local) {
  const std::string name = lower(given);
  const std::string_view context = catalog_.setting_context(name);
  const bool identity = name == "role" || name == "session_authorization";
  const bool ours = context == "user" || context.empty();  // a name nobody knows is a placeholder, or an error
  const bool harmless = ours && !identity && name != "session_replication_role";
  does(harmless ? Danger::session : Danger::admin, fmt::format("sets {}", name));
  if (reading_.dry) return;
  reach_.touch("SET", name, ObjectKind::setting);
  if (!changes_meaning(name)) return;
  if (known) reach_.changes({Change::What::setting, name, value, local});
  else reach_.changes({Change::What::forget_settings, name});
}

void Walker::set_statement(const pg::VariableSetStmt& stmt, StatementFacts& facts) {
  (void)facts;
  const std::string name = lower(stmt.name());
  switch (stmt.kind()) {
    case pg::VAR_RESET_ALL:
      does(Danger::session, "RESET ALL");
      reach_.touch("SET", "all", ObjectKind::setting);
      for (const std::string_view one : {"search_path", "standard_conforming_strings", "backslash_quote", "client_encoding"})
        reach_.changes({Change::What::setting, std::string(one)});
      return;
    case pg::VAR_SET_MULTI:  // SET TRANSACTION, SET SESSION CHARACTERISTICS
      return does(Danger::session, fmt::format("SET {}", stmt.name()));
    case pg::VAR_RESET:
    case pg::VAR_SET_DEFAULT: return set_setting(name, std::nullopt, true, stmt.is_local());
    case pg::VAR_SET_CURRENT: return set_setting(name, std::nullopt, false, stmt.is_local());
    case pg::VAR_SET_VALUE: break;
    default: return reach_.not_understood("a SET of a kind that is not on the list");
  }
  // A list of names is quoted one by one, as the server stores it.
  std::string value;
  for (const pg::Node& node : stmt.args()) {
    const auto word = setting_word(node);
    if (!word) return reach_.not_understood(fmt::format("SET {} to a value of a kind that is not on the list", name));
    value += (value.empty() ? "" : ", ") + (name == "search_path" ? quoted(*word) : *word);
  }
  set_setting(name, value, true, stmt.is_local());
}

void Walker::transaction(const pg::TransactionStmt& stmt, StatementFacts& facts) {
  facts.controls_transaction = true;
  switch (stmt.kind()) {
    case pg::TRANS_STMT_PREPARE:
      facts.ends_transaction = true;
      reach_.changes({Change::What::end_transaction});
      return does(Danger::admin, "PREPARE TRANSACTION: holds its locks when the session is gone");
    case pg::TRANS_STMT_COMMIT_PREPARED:
    case pg::TRANS_STMT_ROLLBACK_PREPARED:
      reach_.touch("CALL", "pg_catalog.finish_prepared_transaction", ObjectKind::function);
      return does(Danger::write, "finishes what another session prepared");
    case pg::TRANS_STMT_COMMIT:
    case pg::TRANS_STMT_ROLLBACK:
    case pg::TRANS_STMT_ROLLBACK_TO:
      facts.ends_transaction = true;
      reach_.changes({Change::What::end_transaction});
      break;
    default: break;
  }
  does(Danger::session, "transaction control");
}

void Walker::discard(const pg::DiscardStmt& stmt) {
  does(Danger::session, "DISCARD");
  if (stmt.target() == pg::DISCARD_ALL) reach_.changes({Change::What::discard});
  if (stmt.target() == pg::DISCARD_TEMP) reach_.changes({Change::What::discard_temp});
}

// ---- what is planned, prepared or fetched

void Walker::explain(const pg::ExplainStmt& stmt, StatementFacts& facts) {
  bool runs = false;
  for (const pg::Node& node : stmt.options())
    if (lower(node.def_elem().defname()) == "analyze") runs = option_is_on(node.def_elem());
  if (runs || reading_.dry) return void(statement(stmt.query(), "", facts));
  Reading planned = reading_;
  planned.dry = true;
  StatementFacts ignored;
  Walker planner(catalog_, text_, reach_, planned);
  planner.statement(stmt.query(), "", ignored);
  used_.add(planner.used());  // estimates tell of it, too
}

void Walker::prepare(const pg::PrepareStmt& stmt, std::string_view sql, StatementFacts& facts) {
  StatementFacts ignored;
  for (const pg::Node& type : stmt.argtypes()) cast_to(type.type_name(), false);
  statement(stmt.query(), "", ignored);
  (void)facts;
  reach_.changes({Change::What::prepare, stmt.name(), std::string(sql)});
}

// The body, out of the PREPARE that made it or as the protocol had it.
const pg::Node* Walker::named_query(const pg::ParseResult& tree, std::string_view name, bool cursor) const {
  const pg::Node* out = nullptr;
  int found = 0;
  for (const pg::RawStmt& raw : tree.stmts()) {
    const pg::Node& node = raw.stmt();
    const bool prepares = !cursor && node.has_prepare_stmt() && node.prepare_stmt().name() == name;
    const bool declares = cursor && node.has_declare_cursor_stmt() && node.declare_cursor_stmt().portalname() == name;
    if (prepares) out = &node.prepare_stmt().query();
    if (declares) out = &node.declare_cursor_stmt().query();
    found += prepares || declares ? 1 : 0;
  }
  if (found == 0 && tree.stmts_size() == 1) out = &tree.stmts(0).stmt();  // the protocol had it
  return found > 1 ? nullptr : out;
}

void Walker::execute(const pg::ExecuteStmt& stmt, StatementFacts& facts) {
  text_.rests_on_names = true;
  const Scope nowhere;
  expressions(stmt.params(), nowhere);
  const std::string* text = text_.session().prepared(stmt.name());
  const std::string key = fmt::format("execute {}", stmt.name());
  if (text == nullptr || !text_.reading.insert(key).second)
    return reach_.not_understood(fmt::format("EXECUTE {}: what was prepared under this name is not known", stmt.name()));
  const auto parsed = parse_sql(*text, text_.session().dialect());
  const pg::Node* body = parsed.ok() ? named_query(parsed->tree(), stmt.name(), false) : nullptr;
  if (body == nullptr) reach_.not_understood(fmt::format("EXECUTE {}: its body cannot be read", stmt.name()));
  else given_ = statement(*body, "", facts);
  if (parsed.ok())
    for (const pg::RawStmt& raw : parsed->tree().stmts())
      for (const pg::Node& type : raw.stmt().prepare_stmt().argtypes()) cast_to(type.type_name(), false);  // of the arguments
  text_.reading.erase(key);
}

void Walker::declare(const pg::DeclareCursorStmt& stmt, std::string_view sql, StatementFacts& facts) {
  constexpr int kHold = 0x0020;  // CURSOR_OPT_HOLD
  statement(stmt.query(), "", facts);
  reach_.changes({Change::What::declare, stmt.portalname(), std::string(sql), (stmt.options() & kHold) == 0});
}

// Rows come, and rows are locked, as they are fetched; MOVE throws them away.
void Walker::fetch(const pg::FetchStmt& stmt, StatementFacts& facts) {
  text_.rests_on_names = true;
  facts.fetches = stmt.portalname();
  const std::string* text = text_.session().cursor(stmt.portalname());
  const std::string key = fmt::format("fetch {}", stmt.portalname());
  if (reading_.in_body) return;  // a cursor of the function's own: its query has been seen
  if (text == nullptr || !text_.reading.insert(key).second)
    return reach_.not_understood(fmt::format("FETCH from {}: its query is not known", stmt.portalname()));
  const auto parsed = parse_sql(*text, text_.session().dialect());
  const pg::Node* body = parsed.ok() ? named_query(parsed->tree(), stmt.portalname(), true) : nullptr;
  StatementFacts ignored;
  if (body == nullptr) reach_.not_understood(fmt::format("FETCH from {}: its query cannot be read", stmt.portalname()));
  else given_ = statement(*body, "", ignored);
  text_.reading.erase(key);
}

void Walker::call_procedure(const pg::CallStmt& stmt) {
  const Scope nowhere;
  const auto name = words(stmt.funccall().funcname());
  expressions(stmt.funccall().args(), nowhere);
  const std::string_view schema = name.size() > 1 ? name[name.size() - 2] : std::string_view();
  const auto found = candidates(schema, name.empty() ? std::string_view() : name.back(), stmt.funccall().args_size());
  if (found.empty()) return reach_.not_understood(fmt::format("procedure {} is not in the catalog", fmt::join(name, ".")));
  for (const Function* procedure : found) {
    reach_.touch("CALL", procedure->full_name, ObjectKind::function);
    does(Danger::session, fmt::format("CALL {}", procedure->full_name));
    run_function(*procedure, stmt.funccall().args_size());
  }
}

// ---- upkeep

void Walker::admin_on(const pg::RangeVar& var, std::string_view why) {
  does(Danger::admin, why);
  if (var.relname().empty()) return;
  for (const Named& named : resolve(var)) {
    const Relation* table = named.relation != nullptr && (named.relation->kind == 'i' || named.relation->kind == 'I')
                                ? catalog_.relation(named.relation->table)
                                : named.relation;
    const std::string& name = table != nullptr ? table->full_name : named.name;
    reach_.reads(name);
    reach_.touch("SELECT", name).whole = true;
    if (table == nullptr) continue;
    reach_.rests_on_relation(table->oid);
    for (std::size_t i = 0; i < table->checks.size(); ++i) printed_check(fmt::format("k{}.{}", table->oid, i), table->checks[i]);
  }
}

void Walker::vacuum(const pg::VacuumStmt& stmt) {
  const std::string_view why = stmt.is_vacuumcmd() ? "VACUUM" : "ANALYZE";
  does(Danger::admin, why);
  for (const pg::Node& node : stmt.rels()) admin_on(node.vacuum_relation().relation(), why);
}

}  // namespace narrowgate::postgres
