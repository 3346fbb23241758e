#include "policy/effects.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "policy/objects.h"

namespace narrowgate::policy {
namespace {

constexpr std::string_view unknown_action = "sql.unknown", admin_action = "sql.admin", none_action = "sql.none";

struct VerbRow {
  std::string_view verb, action;
  Danger reaches;  // the most that this verb by itself explains
  enum class On : std::uint8_t { tables, functions, settings, anything } on;
};
constexpr std::array<VerbRow, 12> verb_rows{{
    {"SELECT", "sql.select", Danger::session, VerbRow::On::tables},
    {"UNMASK", "sql.unmask", Danger::session, VerbRow::On::tables},
    {"LOCK", "sql.lock", Danger::session, VerbRow::On::tables},
    {"SET", "sql.set", Danger::session, VerbRow::On::settings},
    {"INSERT", "sql.insert", Danger::write, VerbRow::On::tables},
    {"UPDATE", "sql.update", Danger::write, VerbRow::On::tables},
    {"DELETE", "sql.delete", Danger::write, VerbRow::On::tables},
    {"COPY", "sql.copy", Danger::write, VerbRow::On::tables},
    {"CALL", "sql.call", Danger::write, VerbRow::On::functions},
    {"TRUNCATE", "sql.truncate", Danger::ddl, VerbRow::On::tables},
    {"DDL", "sql.ddl", Danger::ddl, VerbRow::On::anything},
    {"PRIVILEGE", "sql.privilege", Danger::admin, VerbRow::On::anything},
}};
constexpr std::array<std::string_view, 16> all_actions{
    "connect",  "sql.select", "sql.unmask",   "sql.lock", "sql.set",       "sql.insert", "sql.update", "sql.delete",
    "sql.copy", "sql.call",   "sql.truncate", "sql.ddl",  "sql.privilege", none_action,  admin_action, unknown_action};

bool fits(VerbRow::On on, ObjectKind kind) {
  switch (on) {
    case VerbRow::On::tables: return kind == ObjectKind::table;
    case VerbRow::On::functions: return kind == ObjectKind::function;
    case VerbRow::On::settings: return kind == ObjectKind::setting;
    case VerbRow::On::anything: break;
  }
  return true;
}

const VerbRow* row_of(const Effect& effect) {
  const auto* found = std::find_if(verb_rows.begin(), verb_rows.end(), [&](const auto& row) { return row.verb == effect.verb; });
  return found != verb_rows.end() && fits(found->on, effect.kind) ? found : nullptr;
}

// Administration is explained only by effects that are all changes of privileges; then those are asked about.
bool only_privileges(const std::vector<Effect>& effects) {
  bool some = false;
  for (const auto& effect : effects) {
    if (effect.verb != "PRIVILEGE" && !effect.catalog) return false;
    some = some || effect.verb == "PRIVILEGE";
  }
  return some;
}

// The question about the operation as a whole, if its effects leave one open; "" if not. What they do not explain is unknown.
std::string_view open_question(const Operation& operation) {
  const auto& effects = operation.effects;
  if (!operation.classified || operation.danger == Danger::unknown) return unknown_action;
  if (std::any_of(effects.begin(), effects.end(), [](const auto& effect) { return row_of(effect) == nullptr; }))
    return unknown_action;
  if (operation.danger == Danger::admin) return only_privileges(effects) ? "" : admin_action;
  if (operation.danger <= Danger::session) return effects.empty() ? none_action : "";
  const auto explains = [&](const auto& effect) { return row_of(effect)->reaches >= operation.danger; };
  return std::any_of(effects.begin(), effects.end(), explains) ? "" : unknown_action;
}

// Collects questions and the entities they need; the same question asked twice becomes the stricter of both.
class Collector {
 public:
  Collector(const GrantFacts& facts, Columns columns) : facts_(facts), columns_(columns) {}

  void add(const Effect& effect) {
    const auto* row = row_of(effect);
    if (row == nullptr) return;  // open_question() asks about the whole
    Question question{row->action, object(effect), effect.verb, scoped(effect), automatic(effect), effect.catalog};
    question.masked = is_masked(facts_.classified, effect);
    if (effect.verb == "UNMASK") return add_unmasked(effect, question);
    ask(question);
    if (effect.kind != ObjectKind::table) return;
    add_columns(effect, question);
  }
  void add_whole(std::string_view action) { ask({action, database(), "", true, true, false}); }
  Questions take() && {
    for (auto& [key, question] : questions_) out_.all.push_back(std::move(question));
    for (auto& [uid, parents] : objects_) out_.objects.push_back({uid, std::move(parents)});
    return std::move(out_);
  }

 private:
  using Key = std::tuple<std::string_view, cedar::Uid>;

  void ask(Question question) {
    if (questions_.size() >= questions_max) return void(out_.too_many = true);
    const Key key(question.action, question.resource);
    const auto [at, fresh] = questions_.try_emplace(key, question);
    if (fresh) return;
    at->second.in_scope = at->second.in_scope && question.in_scope;
    at->second.automatic = at->second.automatic && question.automatic;
    at->second.catalog = at->second.catalog && question.catalog;
    at->second.masked = at->second.masked && question.masked;
  }

  // Column by column, since each is masked by itself; whoever reads it has it in scope, and the template says which it shows.
  void add_unmasked(const Effect& effect, Question question) {
    for (const auto& column : effect.columns) {
      auto labels = labels_of(facts_.classified, effect, column);
      labels.merge(labels_of(facts_.classified, effect));
      question.automatic =
          !labels.empty() && std::includes(facts_.unmask.begin(), facts_.unmask.end(), labels.begin(), labels.end());
      question.resource = column_of(effect, column, labels);
      question.masked = true;
      ask(question);
    }
  }

  // No column list means every column, so every labelled one too.
  void add_columns(const Effect& effect, Question question) {
    const auto labelled = labelled_columns(facts_.classified, effect);
    std::set<std::set<std::string>> seen;
    const auto add_column = [&](const std::string& column) {
      const auto labels = labelled.contains(column) ? labels_of(facts_.classified, effect, column) : std::set<std::string>{};
      if (columns_ == Columns::by_label && !seen.insert(labels).second) return;
      question.resource = column_of(effect, column, labels);
      question.masked = is_masked(facts_.classified, effect, &column);
      ask(question);
    };
    if (effect.columns.empty()) std::for_each(labelled.begin(), labelled.end(), add_column);
    std::for_each(effect.columns.begin(), effect.columns.end(), add_column);
  }

  bool scoped(const Effect& effect) const {
    if (effect.verb == "UNMASK") return true;  // the SELECT of the same columns is asked about, too
    return effect.catalog || effect.kind == ObjectKind::setting || in_scope(facts_.scope, effect);
  }
  bool automatic(const Effect& effect) const {
    if (effect.catalog || effect.kind == ObjectKind::setting) return true;
    const auto& asked = facts_.asked_objects;
    return std::none_of(asked.begin(), asked.end(), [&](const auto& part) { return touches(part, effect); });
  }

  cedar::Uid database() const { return {cedar::type::database, facts_.resource}; }
  std::string inside(std::string_view object) const { return facts_.resource + "/" + std::string(object); }

  cedar::Uid object(const Effect& effect) {
    switch (effect.kind) {
      case ObjectKind::table: return in_schemas(cedar::type::table, effect);
      case ObjectKind::function: return in_schemas(cedar::type::function, effect);
      case ObjectKind::schema: return schema(effect.object);
      case ObjectKind::setting: return keep({cedar::type::setting, inside(effect.object)}, {database()});
      case ObjectKind::database: break;
    }
    return database();
  }
  cedar::Uid schema(std::string_view name) { return keep({cedar::type::schema, inside(name)}, {database()}); }

  cedar::Uid in_schemas(std::string_view type, const Effect& effect) {
    std::vector<cedar::Uid> parents{database()};
    for (const auto& name : readings(effect.object)) parents.push_back(schema(name.first));
    for (const auto& label : labels_of(facts_.classified, effect)) parents.push_back({cedar::type::classification, label});
    return keep({type, inside(effect.object)}, std::move(parents));
  }
  cedar::Uid column_of(const Effect& effect, const std::string& column, const std::set<std::string>& labels) {
    std::vector<cedar::Uid> parents{{cedar::type::table, inside(effect.object)}};
    for (const auto& label : labels) parents.push_back({cedar::type::classification, label});
    return keep({cedar::type::column, inside(effect.object) + "." + column}, std::move(parents));
  }

  // Two objects of one name have the parents of both: more forbids apply, and none fewer.
  cedar::Uid keep(cedar::Uid uid, std::vector<cedar::Uid> parents) {
    auto& kept = objects_[uid];
    for (auto& parent : parents)
      if (std::find(kept.begin(), kept.end(), parent) == kept.end()) kept.push_back(std::move(parent));
    return uid;
  }

  const GrantFacts& facts_;
  const Columns columns_;
  std::map<Key, Question> questions_;
  std::map<cedar::Uid, std::vector<cedar::Uid>> objects_;
  Questions out_;
};

}  // namespace

Questions questions_of(const Operation& operation, const GrantFacts& facts, Columns columns) {
  Collector collector(facts, columns);
  for (const auto& effect : operation.effects) collector.add(effect);
  if (const auto action = open_question(operation); !action.empty()) collector.add_whole(action);
  return std::move(collector).take();
}

Question connect_question(const GrantFacts& facts) {
  return {"connect", {cedar::type::database, facts.resource}, "CONNECT", true, true, false};
}

std::span<const std::string_view> database_actions() { return all_actions; }

}  // namespace narrowgate::policy
