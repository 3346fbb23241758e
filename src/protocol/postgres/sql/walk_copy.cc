// COPY: what it reads or writes, and how its rows will look.
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

std::string_view option_word(const pg::DefElem& option) {
  return option.arg().has_string() ? std::string_view(option.arg().string().sval()) : std::string_view();
}

// COPY's options, as the server reads them.
CopyFormat copy_format_of(const Nodes& options) {
  CopyFormat out;
  std::optional<std::string> null;
  std::optional<char> delimiter, quote, escape;
  const auto letter = [&](std::string_view word) {
    out.known = out.known && word.size() == 1;
    return word.empty() ? '\0' : word.front();
  };
  for (const pg::Node& node : options) {
    const pg::DefElem& option = node.def_elem();
    const std::string_view name = option.defname(), word = option_word(option);
    if (name == "format") {
      out.kind = word == "csv" ? CopyFormat::Kind::csv : word == "binary" ? CopyFormat::Kind::binary : CopyFormat::Kind::text;
      out.known = out.known && (word == "csv" || word == "binary" || word == "text");
    } else if (name == "delimiter") {
      delimiter = letter(word);
    } else if (name == "null") {
      null = word;
    } else if (name == "quote") {
      quote = letter(word);
    } else if (name == "escape") {
      escape = letter(word);
    } else if (name == "header") {
      out.header = !option.has_arg() || (option.arg().has_boolean() && option.arg().boolean().boolval()) ||
                   (option.arg().has_integer() && option.arg().integer().ival() != 0) || word == "true" || word == "on";
      const bool off = option.arg().has_boolean() || option.arg().has_integer() || word == "false" || word == "off";
      out.known = out.known && (out.header || off);
    } else {
      out.known = out.known && (name == "force_quote" || name == "freeze");
    }
  }
  const bool csv = out.kind == CopyFormat::Kind::csv;
  out.delimiter = delimiter.value_or(csv ? ',' : '\t');
  out.null = null.value_or(csv ? "" : "\\N");
  out.quote = quote.value_or('"');
  out.escape = escape.value_or(out.quote);
  return out;
}

}  // namespace

void Walker::copy(const pg::CopyStmt& stmt, StatementFacts& facts) {
  const bool outside = stmt.is_program() || !stmt.filename().empty();
  if (outside) {
    does(Danger::admin, stmt.is_program() ? "COPY to or from a program on the server" : "COPY to or from a file on the server");
    reach_.touch("COPY", catalog_.database(), ObjectKind::database);
  }
  facts.copies_in = stmt.is_from() && !outside;
  facts.copies_out = !stmt.is_from() && !outside;
  facts.copy_format = copy_format_of(stmt.options());
  Scope scope;
  if (stmt.has_query()) {
    given_ = query(stmt.query(), nullptr);
    if (!facts.copy_format.known) used_.add(given_.everything());  // nobody could mask it
    return;
  }
  if (stmt.is_from()) {
    Target target;
    place_target(stmt.relation(), scope, target);
    Write write{.event = Event::insert, .rules = false};
    for (const std::string_view name : words(stmt.attlist())) write.columns.emplace(name);
    const Relation* relation = target.named.front().relation;
    if (write.columns.empty() && relation != nullptr)
      for (const Column& column : relation->columns) write.columns.insert(column.name);
    maybe(stmt.has_where_clause(), stmt.where_clause(), scope);  // looks at what comes in, not at the table
    write_all(target, std::move(write));
    targets_.clear();
    return;
  }
  for (const Named& named : resolve(stmt.relation())) {
    Source source = read(named, true);
    if (named.relation != nullptr && named.relation->kind == 'p') source = read(named, false);
    copied_out(source, words(stmt.attlist()), scope);
    if (!facts.copy_format.known) used_.add(given_.everything());
  }
}

void Walker::copied_out(const Source& source, const Words& names, const Scope& scope) {
  Origin aside;
  const Restore given(sink_, &aside);
  if (names.empty()) mark_whole(source, scope);
  for (const std::string_view name : names) column_of(source, name, scope);
  Output out{{}, source.relation != nullptr, source.relation != nullptr, source.columns.rest};
  if (source.relation != nullptr && names.empty())
    for (const Column& column : source.relation->columns)
      if (!column.generated) out.columns.push_back({column.name, origin_of(source, column)});
  for (const std::string_view name : names)
    if (const Column* column = source.relation != nullptr ? source.relation->column(name) : nullptr)
      out.columns.push_back({column->name, origin_of(source, *column)});
  given_ = std::move(out);
}

}  // namespace narrowgate::postgres
