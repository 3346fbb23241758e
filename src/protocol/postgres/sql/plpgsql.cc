#include "protocol/postgres/sql/plpgsql.h"

#include <pg_query.h>
#include <pg_query.pb.h>

#include <boost/json/parse.hpp>
#include <optional>

namespace narrowgate::postgres {
namespace {

namespace pg = pg_query;
namespace json = boost::json;

// Statements that only compute, loop, or run SQL that is in plain sight.
constexpr std::string_view kUnderstood[] = {
    "PLpgSQL_stmt_block",   "PLpgSQL_stmt_assign",      "PLpgSQL_stmt_if",           "PLpgSQL_stmt_case",
    "PLpgSQL_stmt_loop",    "PLpgSQL_stmt_while",       "PLpgSQL_stmt_fori",         "PLpgSQL_stmt_fors",
    "PLpgSQL_stmt_forc",    "PLpgSQL_stmt_foreach_a",   "PLpgSQL_stmt_exit",         "PLpgSQL_stmt_return",
    "PLpgSQL_stmt_raise",   "PLpgSQL_stmt_return_next", "PLpgSQL_stmt_return_query", "PLpgSQL_stmt_assert",
    "PLpgSQL_stmt_getdiag", "PLpgSQL_stmt_open",        "PLpgSQL_stmt_fetch",        "PLpgSQL_stmt_close",
    "PLpgSQL_stmt_perform", "PLpgSQL_stmt_call",        "PLpgSQL_stmt_execsql",      "PLpgSQL_stmt_commit",
    "PLpgSQL_stmt_rollback"};

// ---- tokens

struct Token {
  std::string_view text;
  std::string lower;  // of an unquoted word; otherwise the text
  std::size_t begin = 0, end = 0;
  bool is(std::string_view word) const { return lower == word; }
  bool is_name() const {
    return !text.empty() &&
           (text[0] == '"' || text[0] == '_' || std::isalpha(static_cast<unsigned char>(text[0])) != 0 || (text[0] & 0x80) != 0);
  }
};

std::optional<std::vector<Token>> tokens_of(const std::string& code) {
  const PgQueryScanTokensResult scanned = pg_query_scan_tokens(code.c_str());
  std::optional<std::vector<Token>> out;
  if (scanned.error == nullptr) {
    out.emplace();
    for (int i = 0; i < scanned.n_tokens; ++i) {
      const auto& one = scanned.tokens[i];
      const auto begin = static_cast<std::size_t>(one.start), end = static_cast<std::size_t>(one.end);
      Token token{std::string_view(code).substr(begin, end - begin), {}, begin, end};
      if (token.text.starts_with("--") || token.text.starts_with("/*")) continue;
      token.lower = token.text;
      if (!token.text.empty() && token.text[0] != '"' && token.text[0] != '\'')
        for (char& c : token.lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      out->push_back(std::move(token));
    }
  }
  pg_query_free_scan_tokens_result(scanned);
  return out;
}

std::string unquoted(const Token& token) {
  if (token.text.empty() || token.text[0] != '"') return token.lower;
  std::string out;
  for (std::size_t i = 1; i + 1 < token.text.size(); ++i) {
    out += token.text[i];
    if (token.text[i] == '"') ++i;
  }
  return out;
}

// ---- declarations: libpg_query knows no user's types, and no schema but public. They become records; we remember what they
// were.

class Declarations {
 public:
  Declarations(const std::string& code, PlpgsqlCode& out) : code_(code), out_(out) {}

  // The code with types of users rewritten; nullopt if it cannot be read.
  std::optional<std::string> rewrite() {
    const auto tokens = tokens_of(code_);
    if (!tokens) return std::nullopt;
    tokens_ = *tokens;
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (tokens_[i].is("declare") && starts_statement(i)) i = section(i + 1);
    return rewritten_ + code_.substr(copied_);
  }

 private:
  bool starts_statement(std::size_t i) const {
    if (i == 0) return true;
    for (const std::string_view before : {";", "begin", "then", "else", "loop", ">>", ">"})
      if (tokens_[i - 1].is(before)) return true;
    return false;
  }

  // One DECLARE section: name [CONSTANT] type … ; until BEGIN. Returns where it ends.
  std::size_t section(std::size_t i) {
    while (i < tokens_.size() && !tokens_[i].is("begin")) {
      if (!tokens_[i].is("declare")) declaration(i);
      while (i < tokens_.size() && !tokens_[i].is(";") && !(tokens_[i].is("begin") && tokens_[i - 1].is(";"))) ++i;
      if (i < tokens_.size() && tokens_[i].is(";")) ++i;
    }
    return i;
  }

  void declaration(std::size_t i) {
    std::size_t at = i + 1;
    initial_value(i);
    if (at < tokens_.size() && tokens_[at].is("constant")) ++at;
    if (at >= tokens_.size() || !tokens_[at].is_name()) return;
    for (const std::string_view other : {"cursor", "no", "scroll", "alias", "record", "refcursor"})
      if (tokens_[at].is(other)) return;
    std::vector<std::string> parts{unquoted(tokens_[at])};
    std::size_t last = at;
    while (last + 2 < tokens_.size() && tokens_[last + 1].is(".") && tokens_[last + 2].is_name()) {
      parts.push_back(unquoted(tokens_[last + 2]));
      last += 2;
    }
    const bool percent = last + 2 < tokens_.size() && tokens_[last + 1].is("%");
    const bool row = percent && tokens_[last + 2].is("rowtype");
    if (percent) last += 2;
    if (percent && !row) {  // x.y%TYPE: a column's type, or another variable's
      if (parts.size() > 1)
        out_.types.push_back(
            {parts.size() > 2 ? parts[parts.size() - 3] + "." + parts[parts.size() - 2] : parts[parts.size() - 2], parts.back(),
             true});
    } else if (!row) {
      out_.types.push_back({parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back(), false});
    }
    const bool plain = parts.size() == 1 || parts.front() == "pg_catalog";
    if (plain && !percent) return;
    rewritten_ += code_.substr(copied_, tokens_[at].begin - copied_) + (percent && !row ? "text" : "record");
    copied_ = tokens_[last].end;
    while (last + 2 < tokens_.size() && tokens_[last + 1].is("[")) {  // an array of them
      last += tokens_[last + 2].is("]") ? 2 : 3;
      if (last < tokens_.size()) copied_ = tokens_[last].end;
    }
  }

  // The parser's answer leaves out what a record or a row starts with.
  void initial_value(std::size_t i) {
    std::size_t end = i;
    while (end < tokens_.size() && !tokens_[end].is(";")) ++end;
    if (end == tokens_.size()) return;
    for (; i < end; ++i) {
      if (tokens_[i].is("cursor")) return;
      if (!tokens_[i].is(":=") && !tokens_[i].is("=") && !tokens_[i].is("default")) continue;
      const std::size_t from = tokens_[i].end;
      out_.texts.push_back({code_.substr(from, tokens_[end].begin - from), 2});
      return;
    }
  }

  const std::string& code_;
  PlpgsqlCode& out_;
  std::vector<Token> tokens_;
  std::string rewritten_;
  std::size_t copied_ = 0;
};

// ---- the header, written anew

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

std::string type_text(const pg::TypeName& type) {
  std::vector<std::string> parts;
  for (const pg::Node& node : type.names()) parts.push_back(node.string().sval());
  if (type.pct_type()) return "text";
  const bool own = parts.size() == 1 || (parts.size() == 2 && parts.front() == "pg_catalog");
  if (!own) return "record";
  return quoted(parts.back()) + (type.array_bounds_size() > 0 ? "[]" : "");
}

struct Header {
  std::string parameters, returns;
};

Header header_of(const pg::CreateFunctionStmt& stmt) {
  Header out;
  std::string result;
  int results = 0;
  for (const pg::Node& node : stmt.parameters()) {
    const pg::FunctionParameter& parameter = node.function_parameter();
    const std::string type = type_text(parameter.arg_type());
    std::string_view mode;
    if (parameter.mode() == pg::FUNC_PARAM_OUT || parameter.mode() == pg::FUNC_PARAM_TABLE) mode = "OUT ";
    if (parameter.mode() == pg::FUNC_PARAM_INOUT) mode = "INOUT ";
    if (mode == "OUT " || mode == "INOUT ") result = ++results == 1 ? type : "record";
    out.parameters += fmt::format("{}{}{} {}", out.parameters.empty() ? "" : ", ", mode,
                                  parameter.name().empty() ? "" : quoted(parameter.name()), type);
  }
  if (stmt.is_procedure()) return out;
  if (results == 0) result = type_text(stmt.return_type());
  const bool set = stmt.return_type().setof();
  if (results == 0 || set) out.returns = fmt::format("RETURNS {}{}", set ? "SETOF " : "", result);
  return out;
}

std::string dollar_quoted(std::string_view code) {
  std::string tag = "$ng$";
  while (code.find(tag) != std::string_view::npos) tag.insert(3, "g");
  return fmt::format("{}{}{}", tag, code, tag);
}

// Its code, and what stands before it: for DO nothing.
struct Definition {
  std::string code;
  std::optional<Header> header;
  bool procedure = false;
};

std::optional<Definition> definition_of(const pg::Node& node) {
  const auto& options = node.has_do_stmt() ? node.do_stmt().args() : node.create_function_stmt().options();
  if (!node.has_do_stmt() && !node.has_create_function_stmt()) return std::nullopt;
  for (const pg::Node& option : options) {
    if (option.def_elem().defname() != "as") continue;
    const pg::Node& as = option.def_elem().arg();
    const bool listed = as.has_list() && as.list().items_size() == 1;
    if (!as.has_string() && !listed) return std::nullopt;
    Definition out;
    out.code = listed ? as.list().items(0).string().sval() : as.string().sval();
    if (node.has_create_function_stmt()) out.header = header_of(node.create_function_stmt());
    out.procedure = node.create_function_stmt().is_procedure();
    return out;
  }
  return std::nullopt;
}

// ---- the parser's answer

class Reader {
 public:
  explicit Reader(PlpgsqlCode& out) : out_(out) {}

  void read(const json::value& value) {
    if (const auto* array = value.if_array()) {
      for (const json::value& item : *array) read(item);
    } else if (const auto* object = value.if_object()) {
      for (const auto& member : *object) read_member(member.key(), member.value());
    }
  }

 private:
  void read_member(std::string_view key, const json::value& value) {
    if (key == "PLpgSQL_expr") return take(value);
    if (key.starts_with("PLpgSQL_stmt_")) {
      if (std::find(std::begin(kUnderstood), std::end(kUnderstood), key) == std::end(kUnderstood))
        not_understood("runs SQL that it computes");
      if (key == "PLpgSQL_stmt_commit" || key == "PLpgSQL_stmt_rollback") out_.controls_transaction = true;
    }
    if (key == "dynquery") not_understood("runs SQL that it computes");
    read(value);
  }

  void take(const json::value& value) {
    const auto* object = value.if_object();
    const auto* query = object != nullptr ? object->if_contains("query") : nullptr;
    const auto* mode = object != nullptr ? object->if_contains("parseMode") : nullptr;
    if (query == nullptr || !query->is_string()) return not_understood("cannot be read");
    out_.texts.push_back(
        {std::string(query->as_string()), mode != nullptr && mode->is_int64() ? static_cast<int>(mode->as_int64()) : 0});
  }

  void not_understood(std::string_view why) {
    out_.understood = false;
    out_.why = why;
  }

  PlpgsqlCode& out_;
};

constexpr std::size_t kNesting = 512;  // of the parser's answer: three levels for each of the code's own

// libpg_query 18 closes each variable that it does not describe (a trigger's TG_OP and its fellows) once too often: "{}},". An
// empty object in a list is never followed by a closing brace otherwise, so the stray ones can be told.
std::string without_stray_braces(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\' && i + 1 < text.size()) {
      out += text[i++];
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == '}' && (out.ends_with(",{}") || out.ends_with("[{}"))) {
      continue;
    }
    out += text[i];
  }
  return out;
}

Result<json::value> tree_of(const PgQueryPlpgsqlParseResult& result) {
  json::parse_options options;
  options.max_depth = kNesting;
  json::error_code failed;
  json::value tree = json::parse(without_stray_braces(result.plpgsql_funcs), failed, {}, options);
  if (failed) return Error{Code::too_large, Blame::upstream, "PL/pgSQL nested too deeply"};
  return tree;
}

PlpgsqlCode unreadable(std::string why) { return PlpgsqlCode{.understood = false, .why = std::move(why)}; }

}  // namespace

PlpgsqlCode read_plpgsql(const std::string& create, const Dialect& dialect) {
  if (!dialect.standard_conforming_strings) return unreadable("PL/pgSQL is read only with standard_conforming_strings = on");
  const auto parsed = parse_sql(create, dialect);
  if (!parsed.ok() || parsed->tree().stmts_size() != 1) return unreadable("cannot be read");
  const auto definition = definition_of(parsed->tree().stmts(0).stmt());
  if (!definition) return unreadable("has no code that can be read");

  PlpgsqlCode out;
  const auto code = Declarations(definition->code, out).rewrite();
  if (!code) return unreadable("has a token that cannot be read");
  const std::string text =
      !definition->header
          ? fmt::format("DO LANGUAGE plpgsql {}", dollar_quoted(*code))
          : fmt::format("CREATE {} f({}) {} LANGUAGE plpgsql AS {}", definition->procedure ? "PROCEDURE" : "FUNCTION",
                        definition->header->parameters, definition->header->returns, dollar_quoted(*code));
  const PgQueryPlpgsqlParseResult result = pg_query_parse_plpgsql(text.c_str());
  Result<json::value> tree = Error{Code::malformed, Blame::client, ""};
  if (result.error != nullptr) out = unreadable(fmt::format("is not PL/pgSQL that can be read: {}", result.error->message));
  else tree = tree_of(result);
  pg_query_free_plpgsql_parse_result(result);
  if (!out.understood) return out;
  const auto* functions = tree.ok() ? tree->if_array() : nullptr;
  if (functions == nullptr || functions->size() != 1) return unreadable("cannot be read");
  Reader(out).read(*tree);
  return out;
}

}  // namespace narrowgate::postgres
