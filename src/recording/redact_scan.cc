#include "recording/redact_scan.h"

#include <algorithm>
#include <array>
#include <string>

namespace narrowgate::recording {
namespace {

constexpr auto npos = std::string_view::npos;

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_upper(c) || is_lower(c) || is_digit(c); }
bool is_word(char c) { return is_alnum(c) || c == '_' || (c & 0x80); }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_quote(char c) { return c == '\'' || c == '"' || c == '`' || c == '$'; }

template <class T, std::size_t N>
bool one_of(const T& value, const std::array<T, N>& list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool contains(std::string_view word, std::string_view part) { return word.find(part) != npos; }

bool names_secret(std::string_view w) {
  using namespace std::string_view_literals;
  constexpr std::array parts = {"passw"sv,       "passphrase"sv,     "secret"sv,     "token"sv,       "apikey"sv,
                                "api_key"sv,     "access_key"sv,     "accesskey"sv,  "account_key"sv, "accountkey"sv,
                                "private_key"sv, "privatekey"sv,     "privkey"sv,    "auth_key"sv,    "authkey"sv,
                                "signing_key"sv, "encryption_key"sv, "credential"sv, "identified"sv,  "pgpass"sv};
  if (std::any_of(parts.begin(), parts.end(), [&](auto part) { return contains(w, part); })) return true;
  return w == "pass" || w == "pwd" || w.ends_with("_pass") || w.ends_with("_pwd") || w.ends_with("pwd") || w.starts_with("pwd_");
}

bool may_stand_between(std::string_view w) {
  using namespace std::string_view_literals;
  constexpr std::array words = {"to"sv,      "by"sv,        "as"sv,          "is"sv,      "with"sv,  "using"sv,  "for"sv,
                                "default"sv, "encrypted"sv, "unencrypted"sv, "hash"sv,    "value"sv, "values"sv, "like"sv,
                                "ilike"sv,   "in"sv,        "not"sv,         "set"sv,     "add"sv,   "random"sv, "only"sv,
                                "expire"sv,  "history"sv,   "text"sv,        "varchar"sv, "any"sv,   "array"sv,  "binary"sv};
  return one_of(w, words) || names_secret(w);
}

// ---- tokens that are known by how they begin
struct Prefix {
  std::string_view text;
  std::size_t tail;    // so many characters must follow
  bool at_word_start;  // short prefixes stand inside ordinary words too
  bool exact_case;
};
// clang-format off
constexpr Prefix prefixes[] = {
    {"AKIA", 12, false, true}, {"ASIA", 12, false, true}, {"ghp_", 16, false, true}, {"gho_", 16, false, true},
    {"ghu_", 16, false, true}, {"ghs_", 16, false, true}, {"ghr_", 16, false, true}, {"github_pat_", 16, false, true},
    {"glpat-", 12, false, true}, {"glsa_", 16, false, true}, {"xoxa-", 8, false, true}, {"xoxb-", 8, false, true},
    {"xoxc-", 8, false, true}, {"xoxd-", 8, false, true}, {"xoxe-", 8, false, true}, {"xoxe.", 8, false, true},
    {"xoxo-", 8, false, true}, {"xoxp-", 8, false, true}, {"xoxr-", 8, false, true}, {"xoxs-", 8, false, true},
    {"xapp-", 8, false, true}, {"sk-", 20, true, true}, {"sk_live_", 12, false, true}, {"sk_test_", 12, false, true},
    {"rk_live_", 12, false, true}, {"rk_test_", 12, false, true}, {"AIza", 30, false, true}, {"ya29.", 16, false, true},
    {"eyJ", 16, false, true}, {"npm_", 30, true, true}, {"pypi-", 16, true, true}, {"dop_v1_", 32, false, true},
    {"hf_", 20, true, true}, {"shpat_", 16, false, true}, {"shpss_", 16, false, true}, {"shpca_", 16, false, true},
    {"shppa_", 16, false, true}, {"SG.", 20, true, true}, {"hvs.", 20, true, true}, {"dckr_pat_", 16, false, true},
    {"AGE-SECRET-KEY-", 16, false, false}, {"SCRAM-SHA-", 20, false, false}, {"$2a$", 20, false, true},
    {"$2b$", 20, false, true}, {"$2y$", 20, false, true}, {"$argon2", 20, false, true}, {"$1$", 16, false, true},
    {"$5$", 16, false, true}, {"$6$", 16, false, true}, {"$y$", 16, false, true},
};
// clang-format on
bool in_token(char c) { return is_alnum(c) || std::string_view("_-.+/=$:,").find(c) != npos; }

bool starts_as(std::string_view text, const Prefix& p) {
  if (text.size() < p.text.size()) return false;
  if (p.exact_case) return text.starts_with(p.text);
  return std::equal(p.text.begin(), p.text.end(), text.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

// ---- characters drawn by lot change their class often; words, paths and identifiers do not
constexpr std::size_t random_run_min = 32;
bool in_random_run(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-'; }

bool looks_random(std::string_view run) {
  std::size_t uppers = 0, lowers = 0, digits = 0, changes = 0;
  const auto kind = [](char c) { return is_upper(c) ? 0 : is_lower(c) ? 1 : is_digit(c) ? 2 : 3; };
  for (std::size_t i = 0; i < run.size(); ++i) {
    uppers += is_upper(run[i]), lowers += is_lower(run[i]), digits += is_digit(run[i]);
    if (i > 0 && kind(run[i]) != kind(run[i - 1])) ++changes;
  }
  return uppers >= 4 && lowers >= 4 && digits >= 1 && changes * 4 >= run.size();
}

template <class Found>
void each_random_run(std::string_view text, Found found) {
  // A run of 32 covers every multiple of 32 in it at least once.
  for (std::size_t probe = random_run_min - 1; probe < text.size();) {
    if (!in_random_run(text[probe])) {
      probe += random_run_min;
      continue;
    }
    std::size_t from = probe, to = probe + 1;
    while (from > 0 && in_random_run(text[from - 1])) --from;
    while (to < text.size() && in_random_run(text[to])) ++to;
    if (to - from >= random_run_min && looks_random(text.substr(from, to - from)) && !found(from, to)) return;
    probe = to + random_run_min - 1;
  }
}

}  // namespace

bool has_random_run(std::string_view text) {
  bool any = false;
  each_random_run(text, [&](std::size_t, std::size_t) { return any = true, false; });
  return any;
}

SecretScan::SecretScan(std::string_view text) : text_(text) {
  for (std::size_t i = 0; i < text_.size() && plain_;) {
    const char c = text_[i];
    const char after = i + 1 < text_.size() ? text_[i + 1] : '\0';
    if (c == '\\' || c == '#' || c == '`' || (c == '$' && !is_digit(after))) {
      plain_ = false;  // escapes, MySQL comments and names, dollar quotes: read differently by different servers
    } else if (c == '\'' || c == '"') {
      const auto from = i++;
      while (i < text_.size() && !(text_[i] == c && (i + 1 >= text_.size() || text_[i + 1] != c))) i += text_[i] == c ? 2 : 1;
      if (i >= text_.size()) plain_ = false;
      if (c == '\'') strings_.push_back({from, std::min(++i, text_.size())});
      else ++i;
    } else if ((c == '-' && after == '-') || (c == '/' && after == '*')) {
      if (text_.substr(i, 3) == "/*!") plain_ = false;
      const auto from = i;
      i = skip_comment(i);
      comments_.push_back({from, i});
    } else {
      ++i;
    }
  }
  if (text_.find('\\') != npos) plain_ = false;  // also inside strings
}

std::size_t SecretScan::skip_comment(std::size_t at) const {
  if (text_.substr(at, 2) == "--") {
    const auto end = text_.find('\n', at);
    return end == npos ? text_.size() : end + 1;
  }
  std::size_t depth = 0;
  for (std::size_t i = at; i + 1 < text_.size(); ++i) {
    if (text_.substr(i, 2) == "/*") ++depth, ++i;
    else if (text_.substr(i, 2) == "*/" && (++i, --depth == 0)) return i + 1;
  }
  return text_.size();
}

SecretScan::Where SecretScan::where(std::size_t at) const {
  const auto inside = [&](const std::vector<SecretSpan>& spans) {
    return std::any_of(spans.begin(), spans.end(), [&](const SecretSpan& s) { return s.from <= at && at < s.to; });
  };
  return inside(strings_) ? Where::string : inside(comments_) ? Where::comment : Where::code;
}

SecretScan::Word SecretScan::word_at(std::size_t at) const {
  std::size_t from = at, to = at;
  while (from > 0 && is_word(text_[from - 1])) --from;
  const auto in_word = [](char c) { return is_word(c) || c == '-'; };  // api-key, secret-access-key
  while (to < text_.size() && in_word(text_[to]) && text_.substr(to, 2) != "--") ++to;
  Word word{from, to, std::string(text_.substr(from, to - from))};
  for (char& c : word.lower) c = c == '-' ? '_' : lower(c);
  return word;
}

void SecretScan::look_at(std::size_t at) {
  const char c = text_[at];
  if (text_.substr(at, 3) == "://") return look_at_uri(at);
  if (text_.substr(at, 5) == "-----" || lower(c) == 'p') look_at_pem(at);
  look_at_token(at);
  if (!is_word(c)) return;
  const Word word = word_at(at);
  if (names_secret(word.lower)) look_at_word(word);
  if (contains(word.lower, "crypt") || contains(word.lower, "hmac") || contains(word.lower, "credential")) look_at_function(word);
  if (contains(word.lower, "mapping")) look_at_mapping(word);
  if (contains(word.lower, "authorization") || word.lower == "bearer" || word.lower == "basic") look_at_header(word, at);
}

// Walks over what may stand between a keyword and its value.
SecretScan::Behind SecretScan::behind(const Word& word, bool any_words) const {
  Behind out;
  std::size_t i = word.to;
  // The quote that closes a quoted name or key: "password", 'password'.
  if (i < text_.size() && word.from > 0 && text_[i] == text_[word.from - 1] && is_quote(text_[i])) ++i;
  while (i < text_.size()) {
    const char c = text_[i];
    const auto two = text_.substr(i, 2);
    if (two == "::") break;
    if (is_blank(c)) {
      ++i;
      continue;
    }
    if (two == "--" || two == "/*") {
      if (text_.substr(i, 3) == "/*!") out.sure = false, i += 3;
      else i = skip_comment(i);
      continue;
    }
    if (c == '=' || c == ':') {
      out.assigned = true, ++i;
      continue;
    }
    if (std::string_view("(>|+~!*@[{").find(c) != npos ||
        (c == ',' && (any_words || (word.from > 0 && is_quote(text_[word.from - 1]))))) {
      ++i;
      continue;
    }
    if (c == '#' || c == '\\' || c == '%') {
      out.sure = false, ++i;
      continue;
    }
    if (c == '$' && i + 1 < text_.size() && is_digit(text_[i + 1])) break;  // a placeholder
    if (is_quote(c)) {
      out.quote = true;
      break;
    }
    if (!is_word(c)) break;
    auto end = i;
    while (end < text_.size() && is_word(text_[end])) ++end;
    std::string w(text_.substr(i, end - i));
    std::transform(w.begin(), w.end(), w.begin(), lower);
    const char next = end < text_.size() ? text_[end] : '\0';
    if (next == '\'' || next == '&') {  // E'…', N'…', U&'…', _utf8'…'
      out.sure = false, i = end + (next == '&');
      continue;
    }
    auto call = end;
    while (call < text_.size() && is_blank(text_[call])) ++call;
    if (call < text_.size() && text_[call] == '(' && !out.quote) {
      out.sure = false, i = end;
      continue;
    }
    if (!may_stand_between(w) && !any_words) break;
    if (w == "for") out.sure = false;
    i = end;
  }
  out.at = i;
  return out;
}

void SecretScan::look_at_word(const Word& word) {
  const bool identified = contains(word.lower, "identified");
  const Behind value = behind(word, identified);
  const Where place = plain() ? where(word.from) : Where::code;
  if (value.quote) {
    if (plain() && value.sure && place == Where::code && !identified) return take_literal(value.at);
    return take_quotes_from(value.at);
  }
  // <password>…</password>
  if (word.to < text_.size() && text_[word.to] == '>' && word.from > 0 && text_[word.from - 1] == '<')
    return take(word.to + 1, std::min(text_.find('<', word.to), text_.size()));
  if (value.assigned) return take_bare(value.at);
  // INSERT INTO users (name, password) VALUES ('ana', 'hunter2'): which literal it is cannot be told, so all of them.
  const char stopped = value.at < text_.size() ? text_[value.at] : '\0';
  if ((stopped == ',' || stopped == ')') && (has_before(word.from, "insert") || has_before(word.from, "update") ||
                                             has_before(word.from, "merge") || has_before(word.from, "replace")))
    take_quotes_from(value.at);
}

void SecretScan::look_at_function(const Word& word) {
  auto open = word.to;
  while (open < text_.size() && is_blank(text_[open])) ++open;
  if (open < text_.size() && text_[open] == '(') take_quotes_from(open);
}

void SecretScan::look_at_mapping(const Word& word) {
  if (has_before(word.from, "user")) take_quotes_from(word.to);
}

// Authorization: Bearer …   and   Bearer … alone
void SecretScan::look_at_header(const Word& word, std::size_t at) {
  auto from = word.to;
  if (word.lower == "bearer" || word.lower == "basic") {
    if (at != word.from || from >= text_.size() || text_[from] != ' ') return;
    auto to = ++from;
    while (to < text_.size() && in_token(text_[to]) && text_[to] != ',') ++to;
    if (to - from >= 8) take(from, to);
    return;
  }
  if (from < text_.size() && is_quote(text_[from])) ++from;
  while (from < text_.size() && text_[from] == ' ') ++from;
  if (from >= text_.size() || (text_[from] != ':' && text_[from] != '=')) return;
  ++from;
  while (from < text_.size() && (text_[from] == ' ' || is_quote(text_[from]))) ++from;
  take(from, std::min(text_.find_first_of("\r\n\"'", from), text_.size()));
}

// scheme://user:secret@host
void SecretScan::look_at_uri(std::size_t at) {
  const auto from = at + 3;
  const auto end = std::min(text_.find_first_of(" \t\r\n'\"<>`", from), text_.size());
  const auto sign = text_.substr(0, end).rfind('@');
  if (sign == npos || sign < from) return;
  const auto colon = text_.find(':', from);
  if (colon < sign) take(colon + 1, sign);
}

void SecretScan::look_at_token(std::size_t at) {
  const auto rest = text_.substr(at);
  if (rest.size() >= 35 && lower(rest[0]) == 'm' && lower(rest[1]) == 'd' && rest[2] == '5') {
    const auto hex = rest.substr(3, 32);
    if (std::all_of(hex.begin(), hex.end(), [](char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }))
      take(at, at + 35);
  }
  for (const Prefix& p : prefixes) {
    if (!starts_as(rest, p) || (p.at_word_start && at > 0 && is_word(text_[at - 1]))) continue;
    auto to = at + p.text.size();
    while (to < text_.size() && in_token(text_[to])) ++to;
    if (to - at >= p.text.size() + p.tail) take(at, to);
  }
}

// -----BEGIN … PRIVATE KEY-----, PGP blocks, PuTTY keys. Public ones go too: not worth telling apart.
void SecretScan::look_at_pem(std::size_t at) {
  const auto rest = text_.substr(at);
  const std::string_view putty = "PuTTY-User-Key";
  if (rest.starts_with(putty)) return take(at, text_.size());
  if (!rest.starts_with("-----")) return;
  const auto kind_end = rest.find("-----", 11);
  const auto kind = kind_end == npos ? rest : rest.substr(0, kind_end);
  if (kind.find("CERTIFICATE") != npos && kind.find("KEY") == npos) return;
  auto end = text_.find("-----END", at + 5);
  if (end == npos) return take(at, text_.size());
  end = text_.find("-----", end + 8);
  take(at, end == npos ? text_.size() : end + 5);
}

// One literal that is certain, and those that are glued to it: 'a' 'b', 'a' || 'b'.
void SecretScan::take_literal(std::size_t quote) {
  const char q = text_[quote];
  if (q != '\'' && q != '"') return take_quotes_from(quote);
  std::size_t i = quote + 1;
  while (i < text_.size() && !(text_[i] == q && (i + 1 >= text_.size() || text_[i + 1] != q))) i += text_[i] == q ? 2 : 1;
  if (i >= text_.size()) return take(quote, text_.size());
  take(quote, ++i);
  for (;;) {
    if (i < text_.size() && (is_blank(text_[i]) || text_[i] == '|' || text_[i] == '+')) ++i;
    else if (text_.substr(i, 2) == "--" || text_.substr(i, 2) == "/*") i = skip_comment(i);
    else break;
  }
  if (i >= text_.size()) return;
  if (text_[i] == q) return take_literal(i);
  const bool prefixed = is_word(text_[i]) && i + 1 < text_.size() && (text_[i + 1] == '\'' || text_[i + 1] == '&');
  if (prefixed) take_quotes_from(i);
}

// password=hunter2, Pwd=hunter2; — up to whatever ends a value in connection strings, headers and query strings.
void SecretScan::take_bare(std::size_t at) {
  if (at >= text_.size() || text_.substr(at, 2) == "::") return;
  const auto to = std::min(text_.find_first_of(" \t\r\n\f\v'\"`;&,)<>", at), text_.size());
  const auto value = text_.substr(at, to - at);
  const bool placeholder =
      value.empty() || value == "?" || (value[0] == '$' && value.size() > 1 && is_digit(value[1])) || value[0] == '{';
  std::string w(value);
  std::transform(w.begin(), w.end(), w.begin(), lower);
  if (placeholder || w == "null" || w == "true" || w == "false" || w == "default") return;
  take(at, to);
}

void SecretScan::take_quotes_from(std::size_t at) {
  std::size_t from = at;
  while (from < text_.size() && !is_quote(text_[from])) ++from;
  if (from == text_.size()) return;
  auto last = text_.size() - 1;
  while (last > from && !is_quote(text_[last])) --last;
  take(from, last == from ? text_.size() : last + 1);
}

void SecretScan::take_rest(std::size_t at) { take(at, text_.size()); }

std::size_t SecretScan::past_found(std::size_t at) const {
  for (const SecretSpan& span : found_)
    if (span.from <= at && at < span.to) at = span.to;
  return at;
}

void SecretScan::take(std::size_t from, std::size_t to) {
  if (from < to) found_.push_back({from, to});
}

void SecretScan::look_for_random_runs() {
  each_random_run(text_, [&](std::size_t from, std::size_t to) { return take(from, to), true; });
}

// Does `word` stand somewhere in the statement before `at`?
bool SecretScan::has_before(std::size_t at, std::string_view word) const {
  const auto before = text_.substr(0, at);
  const auto found =
      std::search(before.begin(), before.end(), word.begin(), word.end(), [](char a, char b) { return lower(a) == b; });
  return found != before.end();
}

std::vector<SecretSpan> SecretScan::spans() const {
  auto sorted = found_;
  std::sort(sorted.begin(), sorted.end(), [](const SecretSpan& a, const SecretSpan& b) { return a.from < b.from; });
  std::vector<SecretSpan> out;
  for (const SecretSpan& span : sorted) {
    if (!out.empty() && span.from <= out.back().to) out.back().to = std::max(out.back().to, span.to);
    else out.push_back(span);
  }
  return out;
}

}  // namespace narrowgate::recording
