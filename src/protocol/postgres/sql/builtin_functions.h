// What PostgreSQL's own functions do beyond computing a value: a reviewed list, versions 13 to 18.
//
// A function of pg_catalog that is on no list here is taken for harmless if PostgreSQL declares it IMMUTABLE or STABLE, and for
// unknown if it is VOLATILE. So this list must name every STABLE one that is not harmless, and every VOLATILE one that is. The
// second list does the same for functions of well-known extensions.
#pragma once

#include <string_view>

#include "policy/operation.h"

namespace narrowgate::postgres {

struct BuiltinFunction {
  enum class Kind : unsigned char {
    harmless,
    does,       // raises `danger`; reads and writes the relations named
    runs_text,  // runs SQL, or reads rows, that its arguments name in a way nobody can follow
    sequence_next,
    sequence_set,
    sequence_now,  // of the sequence that the first argument names
    rows_of,       // reads the rows of the relation that the first argument names
    size_of,       // tells the size of the relation; harmless
    set_config,
    lo_open,          // read or write, by its second argument
    populate_record,  // makes a row, and so runs the checks of its domains
    input_as_type,    // runs the input function of a type that is named by text
    shows,            // the rows of the system relation `reads`, which not everybody may see
  };
  std::string_view name;
  Kind kind = Kind::harmless;
  Danger danger = Danger::read;
  std::string_view reads = {}, writes = {};      // in pg_catalog
  int arguments_min = 0, arguments_max = 1'000;  // the entry speaks of calls with so many
};

// nullptr: no entry.
const BuiltinFunction* builtin_function(std::string_view name, int arguments);
// `function` of `extension`. nullptr: no entry.
const BuiltinFunction* extension_function(std::string_view extension, std::string_view function);

// Columns of a system relation that hold more than definitions: secrets, data, what other sessions do. "*" for all of them.
// `reviewed` is false for a relation that is on no list.
struct SystemRelation {
  bool reviewed = false;
  std::string_view sensitive;  // blank-separated
  bool is_sensitive(std::string_view column) const;
};
SystemRelation system_relation(std::string_view schema, std::string_view name);

}  // namespace narrowgate::postgres
