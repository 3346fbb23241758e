#include "protocol/postgres/gateway_call.h"

#include <array>
#include <cctype>

#include "base/bytes.h"

namespace narrowgate::postgres {
namespace {

constexpr std::size_t kGatewayCallBytesMax = 2'048;  // a decision and a reason fit many times over

// Words, punctuation and plain string literals; anything that SQL could read differently ends the attempt.
class Tokens {
 public:
  explicit Tokens(std::string_view sql) : rest_(sql) {}

  bool word(std::string_view wanted) {
    skip_blanks();
    if (rest_.size() < wanted.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (std::tolower(Byte(rest_[i])) != wanted[i]) return false;
    if (rest_.size() > wanted.size() && is_word(rest_[wanted.size()])) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }
  bool sign(char wanted) {
    skip_blanks();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> literal() {
    if (!sign('\'')) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') return std::nullopt;  // means different things under different settings
      if (rest_[i] != '\'') out += rest_[i];
      else if (i + 1 < rest_.size() && rest_[i + 1] == '\'') out += rest_[i++];
      else return rest_.remove_prefix(i + 1), out;
    }
    return std::nullopt;
  }
  bool at_end() {
    while (sign(';')) {}
    skip_blanks();
    return rest_.empty();
  }

 private:
  static bool is_word(char c) { return std::isalnum(Byte(c)) || c == '_' || c == '$' || Byte(c) >= 0x80; }
  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n' || rest_[0] == '\r'))
      rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

std::optional<GatewayCall> table_call(Tokens tokens) {
  const bool select = tokens.word("select");
  if (select ? !(tokens.sign('*') && tokens.word("from")) : !tokens.word("table")) return std::nullopt;
  if (!tokens.word("narrowgate") || !tokens.sign('.')) return std::nullopt;
  if (Tokens end = tokens; end.word("scope") && end.at_end()) return GatewayCall{GatewayCall::What::scope, {}};
  if (tokens.word("status") && tokens.at_end()) return GatewayCall{GatewayCall::What::status, {}};
  return std::nullopt;
}

std::optional<GatewayCall> request_call(Tokens tokens) {
  if (!tokens.word("call") && !tokens.word("select")) return std::nullopt;
  if (!tokens.word("narrowgate") || !tokens.sign('.') || !tokens.word("request") || !tokens.sign('(')) return std::nullopt;
  auto decision = tokens.literal();
  if (!decision || !tokens.sign(',')) return std::nullopt;
  auto why = tokens.literal();
  if (!why || !tokens.sign(')') || !tokens.at_end()) return std::nullopt;
  return GatewayCall{GatewayCall::What::request, {*std::move(decision), *std::move(why)}};
}

// SET application_name TO 'psql', as drivers send it.
std::optional<GatewayCall> name_call(Tokens tokens) {
  if (!tokens.word("set")) return std::nullopt;
  if (Tokens session = tokens; session.word("session")) tokens = session;
  if (!tokens.word("application_name") || !(tokens.sign('=') || tokens.word("to"))) return std::nullopt;
  auto value = tokens.literal();
  if (!value || !tokens.at_end()) return std::nullopt;
  return GatewayCall{GatewayCall::What::name, {*std::move(value)}};
}

}  // namespace

std::optional<GatewayCall> gateway_call(std::string_view sql) {
  if (sql.size() > kGatewayCallBytesMax) return std::nullopt;
  if (auto call = table_call(Tokens(sql))) return call;
  if (auto call = name_call(Tokens(sql))) return call;
  return request_call(Tokens(sql));
}

const std::vector<std::string>& columns_of(const GatewayCall& call) {
  static const std::vector<std::string> scope{"resource", "verb", "object", "limits", "condition"};
  static const std::vector<std::string> status{"fact", "value"};
  static const std::vector<std::string> request{"answer"}, none;
  switch (call.what) {
    case GatewayCall::What::scope: return scope;
    case GatewayCall::What::status: return status;
    case GatewayCall::What::request: return request;
    case GatewayCall::What::name: return none;
  }
  return status;
}

}  // namespace narrowgate::postgres
