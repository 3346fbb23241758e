// What a client asks to have done, in the gateway's words: the same for SQL, Kubernetes and AWS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narrowgate {

// How far an operation reaches. Ordered: of several, the highest counts.
enum class Danger : std::uint8_t {
  read,     // data comes back, nothing changes
  session,  // changes this session only: settings, transactions, cursors
  write,    // changes data
  ddl,      // changes definitions
  admin,    // changes who may do what, or reaches outside the database
  unknown,  // not understood: never guessed
};
std::string_view to_string(Danger danger);

enum class ObjectKind : std::uint8_t { table, function, schema, database, setting };

// One thing an operation does to one object.
struct Effect {
  // SQL: SELECT INSERT UPDATE DELETE TRUNCATE LOCK CALL DDL PRIVILEGE SET COPY; UNMASK: uses masked columns as they are, beside
  // the SELECT that names them too.
  std::string verb;
  ObjectKind kind = ObjectKind::table;
  std::string object;                // schema-qualified, unquoted, as the catalog spells it: "public.refunds"
  std::vector<std::string> columns;  // sorted; empty means every column, or that columns do not apply
  bool catalog = false;              // a harmless system catalog, which every session may read
  friend bool operator==(const Effect&, const Effect&) = default;
};

// Everything a decision needs to know of one request. A value: no request bytes, no parameters.
//
// The effects must explain the danger, or the operation counts as unknown: a write has an INSERT, UPDATE, DELETE, COPY, TRUNCATE
// or CALL, ddl has a DDL, TRUNCATE or PRIVILEGE. What is admin is refused by default unless all its effects are PRIVILEGE. A name
// always has its schema; an effect of a kind that its verb does not go with (SELECT on a function) counts as unknown too.
struct Operation {
  Danger danger = Danger::unknown;
  bool classified = false;  // false: some part was not understood, so `effects` may be incomplete
  std::vector<Effect> effects;
  bool has_where = false;          // every UPDATE and DELETE in it has a WHERE clause
  std::string why;                 // one line for people: what settled the class, or what was not understood
  std::vector<Effect> shown = {};  // UNMASK, of the columns that its answer shows: masked, unless that is permitted
  std::string never = {};          // why it must not run, whatever policy says; "" if nothing speaks against it
};

}  // namespace narrowgate
