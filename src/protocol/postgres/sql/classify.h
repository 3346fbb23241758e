// What a text does: every statement in it, by PostgreSQL's own grammar, its names resolved through the live catalog.
//
//   text ─ parse ─▶ tree ─ walk, with Catalog and SessionState ─▶ Reach ─▶ Operation
//
// Promises:
//  - Never guessed: what is not on a list of things understood makes the whole text unclassified (Danger::unknown).
//  - Everything reached is named: what views, rules, triggers, functions, defaults, policies, partitions, inheritance and foreign
//  keys
//    reach too. Bodies in SQL and PL/pgSQL are read; dynamic SQL and other languages are unknown.
//  - The columns of an effect are a superset of what is read or written. None means every column.
//  - Pure: no I/O, no clock. Safe on many threads at once. Needs a stack of 8 MiB.
// Not here: what is allowed.
//
// Over-approximations, on purpose: all functions that a call could mean are taken together, since types are not inferred.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/operation.h"
#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/sql/session_state.h"

namespace narrowgate::postgres {

struct Classified {
  Operation operation;
  std::vector<StatementFacts> statements;  // in order; empty if the text is not SQL
  // For people and for scoring: schema-qualified relations whose rows are looked at, or changed. Sorted. An effect may need more
  // than this (a function's body is read from pg_proc) or less (an index of a table).
  std::vector<std::string> reads, writes;
  // No plain unsigned whole number in the text can change any of the above: texts that differ only there mean the same.
  bool number_constants_free = false;
  // It rests on a prepared statement or a cursor of this session: must not be remembered by its text alone.
  bool rests_on_names = false;
  // Texts that it holds, if anything leaves masked: one of them may be a mask, come back.
  std::vector<std::string> constants;
  // What its meaning rests on, for stamp_query().
  std::vector<Oid> relations, functions;
};

Classified classify(std::string_view text, const Catalog& catalog, const SessionState& state);

// One query whose answer changes when the definition of anything that `classified` rests on does. "" if it rests on nothing.
std::string stamp_query(const Classified& classified);

}  // namespace narrowgate::postgres
