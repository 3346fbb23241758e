#include "protocol/postgres/sql/parse.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <pg_query.h>
#include <pg_query.pb.h>

#include "base/limits.h"

namespace narrowgate::postgres {
namespace {

Error refused(Code code, std::string detail) { return Error{code, Blame::client, std::move(detail)}; }

int mode_of(Fragment fragment) {
  switch (fragment) {
    case Fragment::statements: return PG_QUERY_PARSE_DEFAULT;
    case Fragment::plpgsql_expression: return PG_QUERY_PARSE_PLPGSQL_EXPR;
    case Fragment::plpgsql_assignment: return PG_QUERY_PARSE_PLPGSQL_ASSIGN1;
    case Fragment::plpgsql_assignment_field: return PG_QUERY_PARSE_PLPGSQL_ASSIGN2;
    case Fragment::plpgsql_assignment_subfield: return PG_QUERY_PARSE_PLPGSQL_ASSIGN3;
  }
  return PG_QUERY_PARSE_DEFAULT;
}

int options_for(const Dialect& dialect, Fragment fragment) {
  int out = mode_of(fragment) | PG_QUERY_DISABLE_ESCAPE_STRING_WARNING;
  if (!dialect.standard_conforming_strings) out |= PG_QUERY_DISABLE_STANDARD_CONFORMING_STRINGS;
  if (!dialect.backslash_quote) out |= PG_QUERY_DISABLE_BACKSLASH_QUOTE;
  return out;
}

// A parser's work and memory grow with tokens, not bytes. Short text cannot have too many.
Result<Done> check_tokens(const std::string& text) {
  if (text.size() <= limits::statement_tokens_max) return Done{};
  const PgQueryScanTokensResult scanned = pg_query_scan_tokens(text.c_str());
  const bool failed = scanned.error != nullptr;
  const auto count = static_cast<std::size_t>(failed ? 0 : scanned.n_tokens);
  pg_query_free_scan_tokens_result(scanned);
  if (failed) return refused(Code::malformed, "not SQL: it has a token that cannot be read");
  if (count > limits::statement_tokens_max)
    return refused(Code::too_large,
                   fmt::format("{} tokens; the limit is {}: send less at a time", count, limits::statement_tokens_max));
  return Done{};
}

// libpg_query's answer, freed whatever happens.
struct RawTree {
  PgQueryProtobufParseResult result;
  explicit RawTree(const std::string& text, int options) : result(pg_query_parse_protobuf_opts(text.c_str(), options)) {}
  ~RawTree() { pg_query_free_protobuf_parse_result(result); }
  RawTree(const RawTree&) = delete;
  RawTree& operator=(const RawTree&) = delete;
};

}  // namespace

struct ParsedText::Memory {
  google::protobuf::Arena arena;
};

ParsedText::ParsedText() : memory_(std::make_unique<Memory>()) {}
ParsedText::~ParsedText() = default;
ParsedText::ParsedText(ParsedText&&) noexcept = default;
ParsedText& ParsedText::operator=(ParsedText&&) noexcept = default;

Result<ParsedText> parse_sql(std::string_view text, const Dialect& dialect, Fragment fragment) {
  if (text.size() > limits::statement_bytes_max)
    return refused(Code::too_large, fmt::format("{} bytes of SQL; the limit is {}", text.size(), limits::statement_bytes_max));
  if (text.find('\0') != std::string_view::npos) return refused(Code::malformed, "a NUL byte in SQL");
  const std::string owned(text);
  NG_TRY_VOID(check_tokens(owned));
  const RawTree raw(owned, options_for(dialect, fragment));
  if (raw.result.error != nullptr) return refused(Code::malformed, fmt::format("not SQL: {}", raw.result.error->message));

  ParsedText out;
  auto* tree = google::protobuf::Arena::CreateMessage<pg_query::ParseResult>(&out.memory_->arena);
  google::protobuf::io::ArrayInputStream bytes(raw.result.parse_tree.data, static_cast<int>(raw.result.parse_tree.len));
  google::protobuf::io::CodedInputStream stream(&bytes);
  stream.SetRecursionLimit(limits::parse_recursion_max);
  if (!tree->ParseFromCodedStream(&stream)) return refused(Code::too_large, "nested too deeply, or not UTF-8: split it up");
  out.tree_ = tree;
  return out;
}

}  // namespace narrowgate::postgres
