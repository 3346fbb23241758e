// PL/pgSQL code to the SQL in it, by PostgreSQL's own PL/pgSQL parser (libpg_query).
//
// Promises: every piece of SQL that the code can run is in `texts`, unless `understood` is false. Dynamic SQL is not understood.
// Not here: what that SQL does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/postgres/sql/parse.h"

namespace narrowgate::postgres {

struct PlpgsqlCode {
  struct Text {
    std::string query;
    int mode = 0;  // RawParseMode: 0 a statement, 2 an expression, 3–5 an assignment
  };
  struct Type {
    std::string schema, name;
    bool of_column = false;  // schema is [schema.]table, name its column: %TYPE
  };
  bool understood = true;
  std::string why = {};
  std::vector<Text> texts = {};
  std::vector<Type> types = {};  // of variables, beyond PostgreSQL's own
  bool controls_transaction = false;
};

// `create` is a whole CREATE FUNCTION, CREATE PROCEDURE or DO.
PlpgsqlCode read_plpgsql(const std::string& create, const Dialect& dialect);

}  // namespace narrowgate::postgres
