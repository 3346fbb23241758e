// How far something reaches: what a walk over a statement or a body has found so far.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/operation.h"
#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/sql/session_state.h"

namespace narrowgate::postgres {

inline constexpr std::size_t effects_max = 5'000;  // objects of one text; more is not something to decide on

// One thing done to one object, while it is being found out.
struct Touched {
  bool whole = false;  // every column
  std::set<std::string> columns;
  bool system = false, sensitive = false;  // one of PostgreSQL's own relations; what is read of it is not harmless
  void add(const std::string& column) {
    if (!whole) columns.insert(column);
  }
};

class Reach {
 public:
  void raise(Danger danger, std::string_view why);
  void not_understood(std::string_view why) { raise(Danger::unknown, why); }
  void calm() { danger_ = Danger::read; }  // what it does is judged elsewhere
  bool understood() const { return danger_ != Danger::unknown; }

  // The reference stays good as long as this Reach.
  Touched& touch(std::string_view verb, std::string_view object, ObjectKind kind = ObjectKind::table);
  void reads(const std::string& object) { reads_.insert(object); }
  void writes(const std::string& object) { writes_.insert(object); }
  void rests_on_relation(Oid oid) { relations_.insert(oid); }
  void rests_on_function(Oid oid) { functions_.insert(oid); }
  void changes(Change change) { changes_.push_back(std::move(change)); }
  void updates_everything() { has_where_ = false; }  // an UPDATE or DELETE without WHERE

  // Of masked columns: what decides something here; where the rows that a query gives come from.
  void uses(const Origin& origin) { used_.add(origin); }
  void gives(Lineage lineage) { lineage_ = std::move(lineage); }
  const Origin& used() const { return used_; }
  const Lineage& lineage() const { return lineage_; }

  // All but what concerns masked columns.
  void add(const Reach& other);
  // The same, as a body's: what it does to settings nobody can follow.
  void add_body(const Reach& other);

  Danger danger() const { return danger_; }
  const std::string& why() const { return why_; }
  const std::set<std::string>& all_reads() const { return reads_; }
  const std::set<std::string>& all_writes() const { return writes_; }
  const std::vector<Change>& all_changes() const { return changes_; }
  const std::set<Oid>& relations() const { return relations_; }
  const std::set<Oid>& functions() const { return functions_; }
  // Settles the effects: what has columns only keeps them, what has none means all.
  Operation operation() const;

 private:
  struct Key {
    std::string_view verb;  // a literal
    ObjectKind kind;
    std::string object;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  Danger danger_ = Danger::read;
  std::string why_;
  std::map<Key, Touched> touched_;
  std::set<std::string> reads_, writes_;
  std::set<Oid> relations_, functions_;
  std::vector<Change> changes_;
  bool has_where_ = true;
  Origin used_;
  Lineage lineage_;
};

}  // namespace narrowgate::postgres
