#include "protocol/postgres/roles/compile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace narrowgate::postgres {
namespace {

constexpr std::array<std::string_view, 5> kPrivileges{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"};
// What a session may do without any privilege, and what no privilege gives.
constexpr std::array<std::string_view, 3> kNeedNone{"SET", "LOCK", "COPY"};

template <class List>
bool has(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool takes_columns(std::string_view privilege) { return privilege == "SELECT" || privilege == "INSERT" || privilege == "UPDATE"; }

std::string quoted(const Thing& thing) { return quoted_identifier(thing.schema) + '.' + quoted_identifier(thing.name); }

bool matches(const grant::ObjectPattern& pattern, const Thing& thing) {
  const bool schema = pattern.schema == "*" ? !grant::is_system_schema(thing.schema) : pattern.schema == thing.schema;
  return schema && (pattern.name == "*" || pattern.name == thing.name);
}

class Compilation {
 public:
  Compilation(const Inventory& inventory, const std::string& role) : inventory_(inventory), role_(quoted_identifier(role)) {}

  // Names must mean to the role what they mean to the login, so it sees the same schemas on its search path.
  void schemas() {
    if (!inventory_.database.empty()) say("CONNECT", "DATABASE " + quoted_identifier(inventory_.database));
    for (const std::string& schema : inventory_.schemas) say("USAGE", "SCHEMA " + quoted_identifier(schema));
  }

  void atom(const grant::Atom& atom) {
    if (atom.verb == "CALL") return routines(atom.object);
    if (!has(kPrivileges, atom.verb)) return;
    for (const auto& [table, columns] : inventory_.tables)
      if (matches(atom.object, table)) table_privilege(atom, table, columns);
  }

  std::vector<std::string> take() { return std::move(out_); }

 private:
  void say(std::string_view what, const std::string& on) { out_.push_back(fmt::format("GRANT {} ON {} TO {}", what, on, role_)); }

  void routines(const grant::ObjectPattern& pattern) {
    for (const auto& [routine, signatures] : inventory_.routines)
      if (matches(pattern, routine))
        for (const std::string& signature : signatures) say("EXECUTE", "ROUTINE " + signature);
  }

  void table_privilege(const grant::Atom& atom, const Thing& table, const std::set<std::string>& columns) {
    std::string what = atom.verb;
    if (!atom.object.columns.empty() && takes_columns(atom.verb)) {
      std::vector<std::string> names;
      for (const std::string& column : atom.object.columns)
        if (columns.contains(column)) names.push_back(quoted_identifier(column));
      if (names.empty()) return;
      what += fmt::format(" ({})", fmt::join(names, ", "));
    }
    say(what, "TABLE " + quoted(table));
    if (atom.verb == "INSERT") sequences_of(table);
  }

  void sequences_of(const Thing& table) {
    const auto found = inventory_.sequences.find(table);
    if (found == inventory_.sequences.end()) return;
    for (const Thing& sequence : found->second) say("USAGE", "SEQUENCE " + quoted(sequence));
  }

  const Inventory& inventory_;
  const std::string role_;
  std::vector<std::string> out_;
};

}  // namespace

bool can_be_compiled(const grant::Scope& scope) {
  return std::all_of(scope.atoms().begin(), scope.atoms().end(), [](const grant::Atom& atom) {
    return atom.verb == "CALL" || has(kPrivileges, atom.verb) || has(kNeedNone, atom.verb);
  });
}

bool only_reads(const grant::Scope& scope) {
  return std::all_of(scope.atoms().begin(), scope.atoms().end(),
                     [](const grant::Atom& atom) { return atom.verb == "SELECT" || has(kNeedNone, atom.verb); });
}

std::vector<std::string> compile(const grant::Scope& scope, const Inventory& inventory, const std::string& role) {
  Compilation out(inventory, role);
  out.schemas();
  for (const grant::Atom& atom : scope.atoms()) out.atom(atom);
  return out.take();
}

std::string quoted_identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

// E'…' reads the same whatever standard_conforming_strings says.
std::string quoted_literal(std::string_view text) {
  std::string out = "E'";
  for (const char c : text) out += c == '\'' ? "''" : c == '\\' ? "\\\\" : std::string(1, c);
  return out + '\'';
}

}  // namespace narrowgate::postgres
