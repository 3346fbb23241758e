// Statement text to PostgreSQL's own parse tree (the version 18 grammar, from libpg_query).
//
// Promises: never crashes, whatever the text, on a thread with a stack of 8 MiB or more; bytes, tokens and nesting are bounded by
// base/limits.h; a NUL byte, which would hide the rest of the text from the grammar, is refused.
// Not here: what anything means.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace pg_query {
class ParseResult;
}

namespace narrowgate::postgres {

// Session settings that change how text is read.
struct Dialect {
  bool standard_conforming_strings = true;
  bool backslash_quote = true;
  friend bool operator==(const Dialect&, const Dialect&) = default;
};

// What kind of text: a statement list, or one of PL/pgSQL's two kinds of fragment.
enum class Fragment { statements, plpgsql_expression, plpgsql_assignment, plpgsql_assignment_field, plpgsql_assignment_subfield };

// A tree and the memory it lies in.
class ParsedText {
 public:
  ParsedText();
  ~ParsedText();
  ParsedText(ParsedText&&) noexcept;
  ParsedText& operator=(ParsedText&&) noexcept;

  const pg_query::ParseResult& tree() const { return *tree_; }

 private:
  friend Result<ParsedText> parse_sql(std::string_view, const Dialect&, Fragment);
  struct Memory;
  std::unique_ptr<Memory> memory_;
  const pg_query::ParseResult* tree_ = nullptr;
};

// Blame::client for text that is not SQL or is over a limit; the detail is for people.
Result<ParsedText> parse_sql(std::string_view text, const Dialect& dialect = {}, Fragment fragment = Fragment::statements);

}  // namespace narrowgate::postgres
