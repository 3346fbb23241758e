// A scope as GRANT statements. Pure.
//
// Promises: the role can do nothing that the scope does not name. It may be able to do less: a privilege of columns that do not
// exist, a row lock, whatever the login itself may not hand on. Less fails in the database, with its own words.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "grant/scope.h"

namespace narrowgate::postgres {

struct Thing {
  std::string schema, name;
  friend auto operator<=>(const Thing&, const Thing&) = default;
};

// What of the database a compilation needs to know.
struct Inventory {
  std::string database;                                // if not everybody may connect to it
  std::vector<std::string> schemas;                    // that the login may use, and not everybody
  std::map<Thing, std::set<std::string>> tables;       // tables, views and the like, with their columns
  std::map<Thing, std::vector<Thing>> sequences;       // that a table's defaults draw from
  std::map<Thing, std::vector<std::string>> routines;  // signatures, quoted: "public.close_refund(integer)"
};

// Does a role suffice for this scope? What only an owner may do (DDL, privileges) cannot be granted.
bool can_be_compiled(const grant::Scope& scope);
// Does nothing in it change anything?
bool only_reads(const grant::Scope& scope);
std::vector<std::string> compile(const grant::Scope& scope, const Inventory& inventory, const std::string& role);

// As SQL takes them, whatever is in them.
std::string quoted_identifier(std::string_view name);
std::string quoted_literal(std::string_view text);

}  // namespace narrowgate::postgres
