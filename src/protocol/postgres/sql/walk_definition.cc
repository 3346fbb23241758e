// CREATE, ALTER, DROP; and what is administration.
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

// An expression that is the same for every row runs once, at definition, if at all.
bool is_plain(const pg::Node& node) {
  if (node.has_type_cast()) return is_plain(node.type_cast().arg());
  return node.has_a_const() || node.has_sqlvalue_function() || node.node_case() == pg::Node::NODE_NOT_SET;
}

pg::RangeVar as_range(const Words& parts) {
  pg::RangeVar out;
  out.set_inh(true);
  if (!parts.empty()) out.set_relname(std::string(parts.back()));
  if (parts.size() > 1) out.set_schemaname(std::string(parts[parts.size() - 2]));
  if (parts.size() > 2) out.set_catalogname(std::string(parts[parts.size() - 3]));
  return out;
}

Words parts_of(const pg::Node& object) {
  if (object.has_list()) return words(object.list().items());
  if (object.has_string()) return {object.string().sval()};
  if (object.has_type_name()) return words(object.type_name().names());
  if (object.has_object_with_args()) return words(object.object_with_args().objname());
  return {};
}

// Kinds of objects whose definition reaches outside the database, or decides who may do what.
bool is_administrative(pg::ObjectType type) {
  switch (type) {
    case pg::OBJECT_ACCESS_METHOD:
    case pg::OBJECT_DATABASE:
    case pg::OBJECT_DEFACL:
    case pg::OBJECT_EVENT_TRIGGER:
    case pg::OBJECT_EXTENSION:
    case pg::OBJECT_FDW:
    case pg::OBJECT_FOREIGN_SERVER:
    case pg::OBJECT_LANGUAGE:
    case pg::OBJECT_PARAMETER_ACL:
    case pg::OBJECT_PUBLICATION:
    case pg::OBJECT_ROLE:
    case pg::OBJECT_SUBSCRIPTION:
    case pg::OBJECT_TABLESPACE:
    case pg::OBJECT_USER_MAPPING: return true;
    default: return false;
  }
}

bool is_relation(pg::ObjectType type) {
  switch (type) {
    case pg::OBJECT_TABLE:
    case pg::OBJECT_VIEW:
    case pg::OBJECT_MATVIEW:
    case pg::OBJECT_SEQUENCE:
    case pg::OBJECT_FOREIGN_TABLE:
    case pg::OBJECT_INDEX: return true;
    default: return false;
  }
}

bool is_on_relation(pg::ObjectType type) {  // schema.table.name
  return type == pg::OBJECT_TRIGGER || type == pg::OBJECT_RULE || type == pg::OBJECT_POLICY;
}

// Types, domains, operators and the like of the session's own hide others, and are in no catalog of ours.
bool names_temporary(const pg::Node& node) {
  using Case = pg::Node::NodeCase;
  const auto temporary = [](const Nodes& name) { return name.size() > 1 && is_temp_schema(words(name).front()); };
  switch (node.node_case()) {
    case Case::kCreateDomainStmt: return temporary(node.create_domain_stmt().domainname());
    case Case::kCreateEnumStmt: return temporary(node.create_enum_stmt().type_name());
    case Case::kCreateRangeStmt: return temporary(node.create_range_stmt().type_name());
    case Case::kCompositeTypeStmt: return is_temp_schema(node.composite_type_stmt().typevar().schemaname());
    case Case::kDefineStmt: return temporary(node.define_stmt().defnames());
    case Case::kAlterObjectSchemaStmt: return is_temp_schema(node.alter_object_schema_stmt().newschema());
    default: return false;
  }
}

// What later statements of the same text might meet in another shape than the catalog knows.
bool shapes_others(const pg::Node& node) {
  using Case = pg::Node::NodeCase;
  switch (node.node_case()) {
    case Case::kCreateStmt:
    case Case::kCreateTableAsStmt:
    case Case::kSelectStmt:
    case Case::kIndexStmt:
    case Case::kCreateSeqStmt:
    case Case::kAlterSeqStmt:
    case Case::kCreateSchemaStmt:
    case Case::kCommentStmt:
    case Case::kSecLabelStmt:
    case Case::kViewStmt:
    case Case::kDropStmt: return false;
    case Case::kCreateFunctionStmt: return node.create_function_stmt().replace();
    case Case::kAlterTableStmt:
      for (const pg::Node& command : node.alter_table_stmt().cmds()) switch (command.alter_table_cmd().subtype()) {
          case pg::AT_DropColumn:
          case pg::AT_DropConstraint:
          case pg::AT_DropNotNull:
          case pg::AT_SetNotNull:
          case pg::AT_SetStatistics:
          case pg::AT_SetStorage:
          case pg::AT_SetRelOptions:
          case pg::AT_DisableTrig:
          case pg::AT_DisableTrigAll:
          case pg::AT_DisableTrigUser:
          case pg::AT_DisableRule: break;
          default: return true;
        }
      return false;
    default: return true;
  }
}

}  // namespace

void Walker::define(std::string_view why) {
  does(Danger::ddl, why);
  if (reading_.dry) return;
  for (const Oid function : catalog_.ddl_functions()) run_function(function, 0);  // event triggers
}

void Walker::defines(const std::string& object, ObjectKind kind, bool listed) {
  if (reading_.dry) return;
  reach_.touch("DDL", object, kind).whole = true;
  if (listed && kind == ObjectKind::table) reach_.writes(object);
}

// A relation that exists, or is meant to.
void Walker::defines_relation(const pg::RangeVar& var) {
  for (const Named& named : resolve(var)) {
    const Relation* relation = named.relation;
    if (relation != nullptr && relation->system())
      does(Danger::admin, fmt::format("changes {}, which is PostgreSQL's own", named.name));
    if (relation != nullptr && (relation->kind == 'i' || relation->kind == 'I')) relation = catalog_.relation(relation->table);
    defines(relation != nullptr ? relation->full_name : named.name);
    if (relation != nullptr) reach_.rests_on_relation(relation->oid);
  }
}

// Its elements are made in it, and look for names there first.
void Walker::create_schema(const pg::CreateSchemaStmt& stmt, StatementFacts& facts) {
  std::string name = stmt.schemaname();
  const bool by_role = name.empty() && stmt.authrole().roletype() == pg::ROLESPEC_CSTRING;
  if (by_role) name = stmt.authrole().rolename();
  else if (name.empty() && !text_.session().role_changed()) name = catalog_.user();
  if (name.empty()) return reach_.not_understood("a schema named after a role that is not known here");
  defines(name, ObjectKind::schema);
  Reading inside = reading_;
  inside.path.insert(inside.path.begin(), name);
  Walker elements(catalog_, text_, reach_, std::move(inside));
  for (const pg::Node& element : stmt.schema_elts()) elements.statement(element, "", facts);
}

bool Walker::definition(const pg::Node& node, std::string_view sql, StatementFacts& facts) {
  using Case = pg::Node::NodeCase;
  facts.defines = true;
  if (names_temporary(node)) reach_.not_understood("a definition that only this session sees");
  if (shapes_others(node)) text_.poison("it follows a definition in the same text that may change what it means");
  switch (node.node_case()) {
    case Case::kCreateStmt: return define("CREATE TABLE"), create_table(node.create_stmt()), true;
    case Case::kCreateTableAsStmt: return create_table_as(node.create_table_as_stmt(), facts), true;
    case Case::kViewStmt: return define("CREATE VIEW"), create_view(node.view_stmt(), sql), true;
    case Case::kIndexStmt: return define("CREATE INDEX"), create_index(node.index_stmt(), facts), true;
    case Case::kAlterTableStmt: return alter_table(node.alter_table_stmt()), true;
    case Case::kCreateFunctionStmt: return define("CREATE FUNCTION"), create_function(node.create_function_stmt(), sql), true;
    case Case::kDropStmt: return drop(node.drop_stmt()), true;
    case Case::kCreateSeqStmt:
      define("CREATE SEQUENCE");
      defines(creation_name(node.create_seq_stmt().sequence()));
      return true;
    case Case::kAlterSeqStmt: return define("ALTER SEQUENCE"), defines_relation(node.alter_seq_stmt().sequence()), true;
    case Case::kRuleStmt:
      define("CREATE RULE");
      if (is_temporary(node.rule_stmt().relation())) reach_.not_understood("a rule of a temporary relation");
      return defines_relation(node.rule_stmt().relation()), true;
    case Case::kCreateTrigStmt: return define("CREATE TRIGGER"), create_trigger(node.create_trig_stmt()), true;
    case Case::kCreatePolicyStmt:
      define("CREATE POLICY");
      if (is_temporary(node.create_policy_stmt().table())) reach_.not_understood("a policy of a temporary table");
      return defines_relation(node.create_policy_stmt().table()), true;
    case Case::kAlterPolicyStmt: return define("ALTER POLICY"), defines_relation(node.alter_policy_stmt().table()), true;
    case Case::kRenameStmt: {
      const pg::RenameStmt& stmt = node.rename_stmt();
      facts.of_databases = stmt.rename_type() == pg::OBJECT_DATABASE;
      if (is_administrative(stmt.rename_type())) return does(Danger::admin, "renames what is not the database's own"), true;
      define("ALTER … RENAME");
      if (stmt.has_relation()) defines_relation(stmt.relation());
      else if (stmt.rename_type() == pg::OBJECT_SCHEMA) defines(stmt.subname(), ObjectKind::schema);
      return true;
    }
    case Case::kAlterObjectSchemaStmt: {
      const pg::AlterObjectSchemaStmt& stmt = node.alter_object_schema_stmt();
      if (is_administrative(stmt.object_type())) return does(Danger::admin, "moves an extension"), true;
      define("ALTER … SET SCHEMA");
      if (stmt.has_relation()) defines_relation(stmt.relation());
      return defines(stmt.newschema(), ObjectKind::schema), true;
    }
    case Case::kCreateSchemaStmt: return define("CREATE SCHEMA"), create_schema(node.create_schema_stmt(), facts), true;
    case Case::kCommentStmt:
      return define("COMMENT"), object_of(node.comment_stmt().object(), node.comment_stmt().objtype()), true;
    case Case::kSecLabelStmt:
      return define("SECURITY LABEL"), object_of(node.sec_label_stmt().object(), node.sec_label_stmt().objtype()), true;
    case Case::kAlterDomainStmt: {
      define("ALTER DOMAIN");
      const Scope nowhere;
      const pg::Node& added = node.alter_domain_stmt().def();
      if (added.has_constraint() && added.constraint().has_raw_expr())
        expression(added.constraint().raw_expr(), nowhere);  // existing rows
      return true;
    }
    case Case::kDefineStmt: define("CREATE of an aggregate, operator, type or the like"); return true;
    case Case::kCreateStatsStmt:
    case Case::kAlterStatsStmt:
    case Case::kCreateDomainStmt:
    case Case::kCompositeTypeStmt:
    case Case::kCreateEnumStmt:
    case Case::kAlterEnumStmt:
    case Case::kCreateRangeStmt:
    case Case::kAlterTypeStmt:
    case Case::kCreateCastStmt:
    case Case::kCreateTransformStmt:
    case Case::kCreateConversionStmt:
    case Case::kCreateOpClassStmt:
    case Case::kCreateOpFamilyStmt:
    case Case::kAlterOpFamilyStmt:
    case Case::kAlterOperatorStmt:
    case Case::kAlterFunctionStmt:
    case Case::kAlterCollationStmt:
    case Case::kAlterTsdictionaryStmt:
    case Case::kAlterTsconfigurationStmt:
    case Case::kAlterObjectDependsStmt: return define("changes definitions"), true;
    default: break;
  }
  facts.defines = administration(node, facts);
  return facts.defines;
}

// Who may do what, what runs when, and what lies outside the database.
bool Walker::administration(const pg::Node& node, StatementFacts& facts) {
  using Case = pg::Node::NodeCase;
  switch (node.node_case()) {
    case Case::kGrantStmt: {
      const pg::GrantStmt& stmt = node.grant_stmt();
      does(Danger::admin, stmt.is_grant() ? "GRANT" : "REVOKE");
      for (const pg::Node& object : stmt.objects()) {
        if (stmt.targtype() == pg::ACL_TARGET_ALL_IN_SCHEMA && object.has_string())
          reach_.touch("PRIVILEGE", object.string().sval(), ObjectKind::schema);
        if (!object.has_range_var()) continue;
        for (const Named& named : resolve(object.range_var())) reach_.touch("PRIVILEGE", named.name).whole = true;
      }
      return true;
    }
    case Case::kGrantRoleStmt:
    case Case::kAlterDefaultPrivilegesStmt:
    case Case::kAlterOwnerStmt:
    case Case::kReassignOwnedStmt:
    case Case::kDropOwnedStmt:
    case Case::kCreateRoleStmt:
    case Case::kAlterRoleStmt:
    case Case::kAlterRoleSetStmt:
    case Case::kDropRoleStmt: return does(Danger::admin, "changes who may do what"), true;
    case Case::kCreateEventTrigStmt:
    case Case::kAlterEventTrigStmt: return does(Danger::admin, "runs at everybody's definitions"), true;
    case Case::kCreatePublicationStmt:
    case Case::kAlterPublicationStmt:
    case Case::kCreateSubscriptionStmt:
    case Case::kAlterSubscriptionStmt:
    case Case::kDropSubscriptionStmt: return does(Danger::admin, "replication"), true;
    case Case::kCreateFdwStmt:
    case Case::kAlterFdwStmt:
    case Case::kCreateForeignServerStmt:
    case Case::kAlterForeignServerStmt:
    case Case::kCreateUserMappingStmt:
    case Case::kAlterUserMappingStmt:
    case Case::kDropUserMappingStmt:
    case Case::kImportForeignSchemaStmt: return does(Danger::admin, "reaches other servers"), true;
    case Case::kCreateForeignTableStmt:
      does(Danger::admin, "CREATE FOREIGN TABLE: reaches outside the database");
      create_table(node.create_foreign_table_stmt().base_stmt());
      return true;
    case Case::kCreateExtensionStmt:
    case Case::kAlterExtensionStmt:
    case Case::kAlterExtensionContentsStmt:
    case Case::kCreatePlangStmt:
    case Case::kCreateAmStmt: return does(Danger::admin, "brings code of others into the database"), true;
    case Case::kCreatedbStmt:
    case Case::kDropdbStmt: facts.no_transaction = true; [[fallthrough]];
    case Case::kAlterDatabaseStmt: facts.of_databases = true; return does(Danger::admin, "changes the server"), true;
    case Case::kAlterDatabaseSetStmt:
    case Case::kAlterDatabaseRefreshCollStmt:
    case Case::kAlterSystemStmt:
    case Case::kCreateTableSpaceStmt:
    case Case::kDropTableSpaceStmt:
    case Case::kAlterTableSpaceOptionsStmt:
    case Case::kAlterTableMoveAllStmt: return does(Danger::admin, "changes the server"), true;
    default: return false;
  }
}

// ---- tables

void Walker::definition_expression(const Relation* relation, const std::string& name, const pg::Node& node, bool runs) {
  if (!runs || is_plain(node)) return;
  Scope rows;
  rows.sources.push_back({.alias = name.substr(name.find('.') + 1), .relation = relation, .is_table = true});
  expression(node, rows);
}

void Walker::constraint(const pg::Constraint& one, const Relation* relation, const std::string& name, bool runs) {
  if (one.has_raw_expr()) definition_expression(relation, name, one.raw_expr(), runs && !one.skip_validation());
  if (one.has_where_clause()) definition_expression(relation, name, one.where_clause(), runs);
  if (one.contype() == pg::CONSTR_FOREIGN && one.has_pktable())
    for (const Named& named : resolve(one.pktable()))
      reach_.touch("DDL", named.name).whole = true;  // it gets a trigger; not listed
}

void Walker::column_definition(const pg::ColumnDef& column, const Relation* relation, const std::string& name, bool runs) {
  if (column.has_type_name() && runs) {
    const Type* type = find_type(column.type_name());
    if (type != nullptr) cast_to(type->oid, false);  // values are assigned: what may only be written out does not run
    else cast_to(column.type_name(), false);
  }
  if (column.has_raw_default()) definition_expression(relation, name, column.raw_default(), runs);
  for (const pg::Node& node : column.constraints()) constraint(node.constraint(), relation, name, runs);
}

// A temporary table is nobody's to watch later, so what its expressions do counts now.
void Walker::create_table(const pg::CreateStmt& stmt) {
  const std::string name = creation_name(stmt.relation());
  const bool temp = name.starts_with(kTemp);
  defines(name);
  for (const pg::Node& node : stmt.table_elts()) {
    if (node.has_column_def()) column_definition(node.column_def(), nullptr, name, temp);
    else if (node.has_constraint()) constraint(node.constraint(), nullptr, name, temp);
    else if (node.has_table_like_clause())
      for (const Named& named : resolve(node.table_like_clause().relation())) {
        reach_.reads(named.name);
        reach_.touch("SELECT", named.name).whole = true;
      }
    else reach_.not_understood("an element of CREATE TABLE of a kind that is not on the list");
  }
  for (const pg::Node& node : stmt.constraints()) constraint(node.constraint(), nullptr, name, temp);
  for (const pg::Node& node : stmt.inh_relations())
    for (const Named& named : resolve(node.range_var()))
      reach_.touch("DDL", named.name).whole = true;  // the parent shows its rows; not listed
  if (reading_.dry) return;
  text_.make(name, {});
  if (temp) reach_.changes({Change::What::temp_relation, stmt.relation().relname()});
}

void Walker::into(const pg::IntoClause& clause) {
  define("makes a table out of a query");
  if (reading_.dry) return;
  const std::string name = creation_name(clause.rel());
  defines(name);
  text_.make(name, {});
  if (name.starts_with(kTemp)) reach_.changes({Change::What::temp_relation, clause.rel().relname()});
}

void Walker::create_table_as(const pg::CreateTableAsStmt& stmt, StatementFacts& facts) {
  used_.add(statement(stmt.query(), "", facts).everything());  // kept in a table of its own, where nobody masks it
  into(stmt.into());
}

void Walker::create_view(const pg::ViewStmt& stmt, std::string_view sql) {
  query(stmt.query(), nullptr);  // of a lasting view, too: whoever makes it shows what it reads
  const std::string name = creation_name(stmt.view());
  defines(name);
  if (reading_.dry) return;
  text_.make(name, {true, std::string(sql)});
  if (name.starts_with(kTemp)) reach_.changes({Change::What::temp_relation, stmt.view().relname(), std::string(sql)});
}

void Walker::create_function(const pg::CreateFunctionStmt& stmt, std::string_view sql) {
  const auto parts = words(stmt.funcname());
  const std::string name = creation_name(as_range(parts));
  defines(name, ObjectKind::function);
  auto made = std::make_unique<Function>();
  made->schema = name.substr(0, name.find('.'));
  made->name = parts.empty() ? std::string() : std::string(parts.back());
  made->full_name = name;
  made->kind = stmt.is_procedure() ? 'p' : 'f';
  made->language = "sql";
  made->body = sql;
  for (const pg::Node& node : stmt.options()) {
    const pg::DefElem& option = node.def_elem();
    if (option.defname() == "language") made->language = option.arg().string().sval();
    if (option.defname() == "set") made->sets_meaning = true;
  }
  text_.make(std::move(made));
}

void Walker::create_index(const pg::IndexStmt& stmt, StatementFacts& facts) {
  facts.no_transaction = stmt.concurrent();
  for (const Named& named : resolve(stmt.relation())) {
    defines(named.name);
    reach_.reads(named.name);
    Scope rows;
    rows.sources.push_back({.alias = stmt.relation().relname(), .relation = named.relation, .is_table = true});
    for (const pg::Node& node : stmt.index_params()) maybe(node.index_elem().has_expr(), node.index_elem().expr(), rows);
    maybe(stmt.has_where_clause(), stmt.where_clause(), rows);
  }
}

void Walker::alter_table(const pg::AlterTableStmt& stmt) {
  define("ALTER TABLE");
  defines_relation(stmt.relation());
  const auto found = resolve(stmt.relation());
  const Relation* relation = found.front().relation;
  const std::string& name = found.front().name;
  bool reads = false;
  for (const pg::Node& node : stmt.cmds()) {
    const pg::AlterTableCmd& command = node.alter_table_cmd();
    const pg::Node& def = command.def();
    switch (command.subtype()) {
      case pg::AT_ChangeOwner: does(Danger::admin, "gives a table to another role"); break;
      case pg::AT_AddColumn:
        if (!def.has_column_def()) break;
        column_definition(def.column_def(), relation, name, true);
        for (const pg::Node& one : def.column_def().constraints())
          reads = reads || (one.constraint().has_raw_expr() && !is_plain(one.constraint().raw_expr()));
        break;
      case pg::AT_AddConstraint:
        reads = reads || !def.constraint().skip_validation();
        if (def.has_constraint()) constraint(def.constraint(), relation, name, true);
        break;
      case pg::AT_ValidateConstraint:
      case pg::AT_SetNotNull:
      case pg::AT_SetExpression: reads = true; break;
      case pg::AT_AlterColumnType:
        reads = true;
        if (def.has_column_def()) column_definition(def.column_def(), relation, name, true);
        break;
      case pg::AT_ColumnDefault:
        // Only of a temporary table: later writes to others are looked at when they come.
        if (command.has_def()) definition_expression(relation, name, def, found.front().temp);
        break;
      case pg::AT_AttachPartition:
      case pg::AT_DetachPartition:
      case pg::AT_DetachPartitionFinalize:
        if (def.has_partition_cmd()) defines_relation(def.partition_cmd().name());
        break;
      case pg::AT_AddInherit:
      case pg::AT_DropInherit:
        if (def.has_range_var()) defines_relation(def.range_var());
        break;
      default: break;
    }
  }
  if (!reads) return;
  reach_.reads(name);
  if (relation != nullptr && !reading_.dry) relation_checks(*relation);
}

// ---- what nobody watches later, because it is temporary

bool Walker::is_temporary(const pg::RangeVar& var) {
  const auto found = resolve(var);
  return std::any_of(found.begin(), found.end(), [](const Named& named) { return named.temp; });
}

void Walker::create_trigger(const pg::CreateTrigStmt& stmt) {
  defines_relation(stmt.relation());
  if (!is_temporary(stmt.relation())) return;
  const auto name = words(stmt.funcname());
  const auto found = candidates(name.size() > 1 ? name[name.size() - 2] : std::string_view(),
                                name.empty() ? std::string_view() : name.back(), 0);
  if (found.empty() || stmt.has_when_clause()) reach_.not_understood("a trigger of a temporary table");
  for (const Function* function : found) run_function(*function, 0);
}

// ---- DROP, COMMENT

void Walker::drop(const pg::DropStmt& stmt) {
  const pg::ObjectType type = stmt.remove_type();
  if (is_administrative(type)) return does(Danger::admin, "drops what is not the database's own");
  define("DROP");
  for (const pg::Node& object : stmt.objects()) {
    Words parts = parts_of(object);
    if (type == pg::OBJECT_SCHEMA && !parts.empty()) defines(std::string(parts.back()), ObjectKind::schema);
    if (is_on_relation(type) && parts.size() > 1) parts.pop_back();
    else if (!is_relation(type)) continue;
    const pg::RangeVar var = as_range(parts);
    for (const Named& named : resolve(var))
      if (named.temp || text_.made(named.name) != nullptr) text_.poison("it follows a DROP of something that this session made");
    defines_relation(var);
  }
}

void Walker::object_of(const pg::Node& object, pg::ObjectType type) {
  Words parts = parts_of(object);
  if (parts.size() > 1 && (is_on_relation(type) || type == pg::OBJECT_COLUMN || type == pg::OBJECT_TABCONSTRAINT))
    parts.pop_back();
  else if (!is_relation(type)) return;
  for (const Named& named : resolve(as_range(parts))) defines(named.name, ObjectKind::table, false);
}

}  // namespace narrowgate::postgres
