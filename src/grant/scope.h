// Scope: what a task may do, as a set of atoms (resource, verb, object pattern, limits), closed under intersection.
//
// Promises, each a property test: intersection is idempotent, commutative, associative and monotone, and never wider than
// either side. No regular expressions: subset and intersection of every pattern are decidable and exact.
//
// What a scope means, which the tests hold the code to: it permits a set of points (resource, verb, object, column, with or
// without WHERE, limits), and an effect is permitted if each of its columns is. "Every column" is a column of its own that only
// an atom without a column list has. Intersection is that of the sets of points; subset too.
//
// Not here: effects on harmless system catalogs (Effect::catalog), which every session may read; the caller passes them over.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/operation.h"

namespace narrowgate::grant {

inline constexpr std::size_t identifier_bytes_max = 127;     // PostgreSQL's 63 and its relatives' 127
inline constexpr std::size_t columns_max = 1'600;            // of one table, PostgreSQL's own cap
inline constexpr std::size_t pattern_bytes_max = 64 * 1024;  // one object pattern as text

// An absent limit does not limit. The meet of two is the smaller.
struct Limits {
  std::optional<std::uint64_t> rows_read, rows_written, bytes;
  std::optional<std::chrono::milliseconds> statement;
  friend bool operator==(const Limits&, const Limits&) = default;
};
Limits meet(const Limits& a, const Limits& b);
bool within(const Limits& inner, const Limits& outer);  // does `outer` allow all that `inner` allows?

// "public.refunds", "public.customers(id, name)", "public.*", "*.*". Identifiers as the catalog spells them; a name that is
// not plain lower case is written in double quotes, as in SQL.
struct ObjectPattern {
  std::string schema;             // "*": every schema but the system's, which must be named
  std::string name;               // "*": every object
  std::set<std::string> columns;  // empty: every column
  friend auto operator<=>(const ObjectPattern&, const ObjectPattern&) = default;

  static Result<ObjectPattern> parse(std::string_view text);
  std::string to_string() const;
};
std::optional<ObjectPattern> intersect(const ObjectPattern& a, const ObjectPattern& b);
bool subset(const ObjectPattern& inner, const ObjectPattern& outer);
// PostgreSQL reserves "pg_…" for itself: pg_catalog, pg_toast, temporary schemas. And information_schema.
bool is_system_schema(std::string_view schema);

struct Atom {
  std::string resource;  // a configured resource's name
  std::string verb;      // upper case for SQL; "*": every verb
  ObjectPattern object;
  Limits limits;
  bool where_required = false;  // of UPDATE and DELETE; says nothing about other verbs
  friend bool operator==(const Atom&, const Atom&) = default;
};
std::optional<Atom> intersect(const Atom& a, const Atom& b);
bool subset(const Atom& inner, const Atom& outer);

class Scope {
 public:
  Scope() = default;
  explicit Scope(std::vector<Atom> atoms);  // normalises: sorted, no atom inside another

  const std::vector<Atom>& atoms() const { return atoms_; }
  bool empty() const { return atoms_.empty(); }
  Scope on(std::string_view resource) const;

  // May this effect happen under this scope, and with which limits? The limits are those of the widest atoms that cover it
  // (columns may be covered by several atoms together). nullopt: not covered. Where several limits would do and none is the
  // widest, most rows written wins, then most rows read, bytes and time.
  std::optional<Limits> covers(std::string_view resource, const Effect& effect, bool has_where) const;
  // May it happen within exactly these limits?
  bool permits(std::string_view resource, const Effect& effect, bool has_where, const Limits& limits) const;

  friend bool operator==(const Scope&, const Scope&) = default;

 private:
  std::vector<Atom> atoms_;
};
Scope intersect(const Scope& a, const Scope& b);
bool subset(const Scope& inner, const Scope& outer);

}  // namespace narrowgate::grant
