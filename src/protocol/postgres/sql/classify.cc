#include "protocol/postgres/sql/classify.h"

#include "base/limits.h"
#include "protocol/postgres/sql/parse.h"
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

Classified not_understood(std::string why) {
  Classified out;
  out.operation.danger = Danger::unknown;
  out.operation.why = std::move(why);
  return out;
}

bool all_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// libpg_query counts in bytes; 0 means to the end.
std::string_view text_of(const pg::RawStmt& raw, std::string_view text) {
  const auto begin = std::min(static_cast<std::size_t>(std::max(raw.stmt_location(), 0)), text.size());
  const auto size = raw.stmt_len() > 0 ? static_cast<std::size_t>(raw.stmt_len()) : text.size() - begin;
  return text.substr(begin, size);
}

bool is_query(const pg::Node& node) {
  return node.has_select_stmt() || node.has_insert_stmt() || node.has_update_stmt() || node.has_delete_stmt();
}

// SET search_path, which we follow, is judged by the statements that it governs.
bool only_sets_path(const Reach& reach) {
  const auto& changes = reach.all_changes();
  return reach.danger() == Danger::session && changes.size() == 1 && changes[0].what == Change::What::setting &&
         changes[0].name == "search_path";
}

// One statement, in the session as those before it left it.
class Statements {
 public:
  Statements(std::string_view text, const Catalog& catalog, const SessionState& session)
      : text_(text), catalog_(catalog), state_(session) {}

  Classified read(const pg::ParseResult& tree) {
    bool governs = false;
    for (const pg::RawStmt& raw : tree.stmts()) {
      Reach reach;
      one(raw, reach);
      governs = governs || !only_sets_path(reach);
      reaches_.push_back(std::move(reach));
    }
    Classified out;
    Reach all;
    for (const Reach& reach : reaches_) {
      Reach added = reach;
      if (governs && only_sets_path(reach)) added.calm();
      all.add(added);
    }
    finish(tree, all, out);
    say_masked(out);
    return out;
  }

 private:
  void one(const pg::RawStmt& raw, Reach& reach) {
    StatementFacts facts;
    const pg::Node& node = raw.stmt();
    const bool ends = node.has_transaction_stmt();
    if (!ends && state_.poisoned()) reach.not_understood(*state_.poisoned());
    if (!ends && state_.session().uncertain() && !node.has_variable_set_stmt())
      reach.not_understood("this session's settings are not known");
    Walker walker(catalog_, state_, reach, Walker::reading_of(catalog_, state_.session()));
    facts.gives = walker.statement(node, text_of(raw, text_), facts).lineage();
    reach.uses(walker.used());
    facts.changes = reach.all_changes();
    facts.changes_meaning = !facts.changes.empty() || reach.danger() == Danger::unknown;
    facts.defines = facts.defines || reach.danger() >= Danger::ddl;
    facts.writes_rows = facts.writes_rows && reach.danger() >= Danger::write;
    state_.apply(facts);
    facts_.push_back(std::move(facts));
  }

  void say_masked(Classified& out) const {
    Origin used, shown;
    for (const Reach& reach : reaches_) used.add(reach.used());
    for (const StatementFacts& facts : out.statements)
      for (const Origin& origin : facts.gives.columns) shown.add(origin);
    for (Effect& effect : unmasking(used)) out.operation.effects.push_back(std::move(effect));
    out.operation.shown = unmasking(shown);
  }

  std::vector<Effect> unmasking(const Origin& origin) const {
    std::map<std::string, std::set<std::string>> tables;
    for (const std::uint16_t place : origin.columns) tables[catalog_.masked()[place].table].insert(catalog_.masked()[place].name);
    std::vector<Effect> out;
    for (const auto& [table, columns] : tables)
      out.push_back({"UNMASK", ObjectKind::table, table, {columns.begin(), columns.end()}});
    return out;
  }

  void finish(const pg::ParseResult& tree, const Reach& all, Classified& out) {
    out.operation = all.operation();
    if (out.operation.why.empty()) out.operation.why = tree.stmts_size() == 0 ? "nothing to do" : "reads only";
    out.statements = std::move(facts_);
    out.reads.assign(all.all_reads().begin(), all.all_reads().end());
    out.writes.assign(all.all_writes().begin(), all.all_writes().end());
    out.relations.assign(all.relations().begin(), all.relations().end());
    out.functions.assign(all.functions().begin(), all.functions().end());
    out.rests_on_names = state_.rests_on_names;
    out.constants = std::move(state_.constants);
    out.number_constants_free = !state_.numbers_matter && !state_.rests_on_names && all.understood() && tree.stmts_size() == 1 &&
                                is_query(tree.stmts(0).stmt()) && all.all_changes().empty();
  }

  const std::string_view text_;
  const Catalog& catalog_;
  TextState state_;
  std::vector<Reach> reaches_;
  std::vector<StatementFacts> facts_;
};

}  // namespace

Output Walker::statement(const pg::Node& node, std::string_view sql, StatementFacts& facts) {
  Output out = any_statement(node, sql, facts);
  if (reading_.in_body) used_.add(out.everything());  // whatever the body makes of it
  return out;
}

Output Walker::any_statement(const pg::Node& node, std::string_view sql, StatementFacts& facts) {
  using Case = pg::Node::NodeCase;
  switch (node.node_case()) {
    case Case::kSelectStmt: {
      const pg::SelectStmt& select = node.select_stmt();
      alone_ = !reading_.in_body && reading_.depth == 0 && select.target_list_size() == 1 && select.from_clause_size() == 0 &&
               !select.has_where_clause() && select.target_list(0).res_target().val().has_func_call() &&
               !select.has_limit_count() && !select.has_limit_offset() && !select.has_with_clause();
      return this->select(select, nullptr);
    }
    case Case::kInsertStmt:
    case Case::kUpdateStmt:
    case Case::kDeleteStmt:
    case Case::kMergeStmt: facts.writes_rows = true; return query(node, nullptr);
    default: break;
  }
  text_.numbers_matter = true;
  given_ = {};
  if (!utility(node, sql, facts) && !definition(node, sql, facts))
    reach_.not_understood(fmt::format("a statement of a kind that is not on the list ({})", static_cast<int>(node.node_case())));
  return std::exchange(given_, {});
}

Classified classify(std::string_view text, const Catalog& catalog, const SessionState& state) {
  if (state.plain_ascii_only() && !all_ascii(text))
    return not_understood("client_encoding is not UTF-8, and the text is not plain ASCII");
  const auto parsed = parse_sql(text, state.dialect());
  if (!parsed.ok()) return not_understood(parsed.error().detail);
  if (static_cast<std::size_t>(parsed->tree().stmts_size()) > limits::statements_per_message_max)
    return not_understood(fmt::format("{} statements in one text; the limit is {}", parsed->tree().stmts_size(),
                                      limits::statements_per_message_max));
  return Statements(text, catalog, state).read(parsed->tree());
}

std::string stamp_query(const Classified& classified) {
  const auto list = [](const std::vector<Oid>& oids) { return fmt::format("ARRAY[{}]::pg_catalog.oid[]", fmt::join(oids, ",")); };
  if (classified.relations.empty() && classified.functions.empty()) return "";
  const std::string relations = list(classified.relations), functions = list(classified.functions);
  // Row versions of everything that defines them. xmin is that of the catalog's row, not of the table's.
  const auto rows = [](std::string_view table, std::string_view column, const std::string& of) {
    return fmt::format(
        "SELECT '{0}'::pg_catalog.text, pg_catalog.count(*), pg_catalog.md5(pg_catalog.string_agg(t.oid::pg_catalog.text "
        "OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) t.xmin::pg_catalog.text, ',' "
        "ORDER BY t.oid)) FROM pg_catalog.{0} t WHERE t.{1} OPERATOR(pg_catalog.=) ANY ({2})",
        table, column, of);
  };
  std::string out = rows("pg_class", "oid", relations);
  for (const auto& [table, column] :
       {std::pair("pg_rewrite", "ev_class"), std::pair("pg_trigger", "tgrelid"), std::pair("pg_policy", "polrelid"),
        std::pair("pg_constraint", "conrelid"), std::pair("pg_attrdef", "adrelid")})
    out += " UNION ALL " + rows(table, column, relations);
  out += " UNION ALL " + rows("pg_proc", "oid", functions);
  out += fmt::format(
      " UNION ALL SELECT 'pg_attribute'::pg_catalog.text, pg_catalog.count(*), "
      "pg_catalog.md5(pg_catalog.string_agg(a.attrelid::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) "
      "a.attnum::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) a.xmin::pg_catalog.text, ',' ORDER BY "
      "a.attrelid, a.attnum)) FROM pg_catalog.pg_attribute a "
      "WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND a.attrelid OPERATOR(pg_catalog.=) ANY ({}) ORDER BY 1",
      relations);
  return out;
}

}  // namespace narrowgate::postgres
