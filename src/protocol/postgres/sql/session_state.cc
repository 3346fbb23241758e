#include "protocol/postgres/sql/session_state.h"

#include <array>

namespace narrowgate::postgres {
namespace {

constexpr std::array<std::string_view, 7> kMeaningful{"search_path",
                                                      "role",
                                                      "session_authorization",
                                                      "standard_conforming_strings",
                                                      "backslash_quote",
                                                      "client_encoding",
                                                      "session_replication_role"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_on(std::string_view value) {
  const std::string v = lower(value);
  return v == "on" || v == "true" || v == "yes" || v == "1" || v == "t" || v == "tr" || v == "tru" || v == "y" || v == "ye";
}

// Encodings in which every byte below 0x80 is itself and the rest is what the catalog, read as UTF-8, says.
bool is_plain_encoding(std::string_view name) {
  std::string letters;
  for (const char c : lower(name))
    if (c != '-' && c != '_') letters += c;
  return letters == "utf8" || letters == "unicode" || letters == "sqlascii";
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// One name of a path, from `at` on; leaves `at` behind it.
std::optional<std::string> take_name(std::string_view text, std::size_t& at) {
  std::string out;
  if (at < text.size() && text[at] == '"') {
    for (++at; at < text.size(); ++at) {
      if (text[at] != '"') out += text[at];
      else if (at + 1 < text.size() && text[at + 1] == '"') out += text[at++];
      else return ++at, out;
    }
    return std::nullopt;
  }
  const std::size_t from = at;
  while (at < text.size() && text[at] != ',' && !is_blank(text[at])) ++at;
  if (at == from) return std::nullopt;
  return lower(text.substr(from, at - from));
}

void skip_blanks(std::string_view text, std::size_t& at) {
  while (at < text.size() && is_blank(text[at])) ++at;
}

}  // namespace

bool changes_meaning(std::string_view setting) {
  return std::find(kMeaningful.begin(), kMeaningful.end(), setting) != kMeaningful.end();
}

std::optional<std::vector<std::string>> split_path(std::string_view text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  skip_blanks(text, at);
  if (at == text.size()) return out;
  for (;;) {
    auto name = take_name(text, at);
    if (!name) return std::nullopt;
    out.push_back(std::move(*name));
    skip_blanks(text, at);
    if (at == text.size()) return out;
    if (text[at++] != ',') return std::nullopt;
    skip_blanks(text, at);
  }
}

std::uint64_t SessionState::next_meaning_id() {
  static std::atomic<std::uint64_t> next{2};
  return next.fetch_add(1, std::memory_order_relaxed);
}

void SessionState::begin(const Catalog& catalog, const std::map<std::string, std::string>& parameters, std::string user) {
  *this = SessionState();
  user_ = role_ = user.empty() ? catalog.user() : std::move(user);
  default_path_ = catalog.search_path();
  set_path(default_path_);
  for (const auto& [name, value] : parameters)
    if (name == "search_path" || name == "standard_conforming_strings" || name == "client_encoding") set(name, value);
  changed();
}

std::string_view SessionState::settings_query() {
  return "SELECT 'setting', 'search_path', pg_catalog.current_setting('search_path') "
         "UNION ALL SELECT 'setting', 'standard_conforming_strings', pg_catalog.current_setting('standard_conforming_strings') "
         "UNION ALL SELECT 'setting', 'backslash_quote', pg_catalog.current_setting('backslash_quote') "
         "UNION ALL SELECT 'setting', 'client_encoding', pg_catalog.current_setting('client_encoding') "
         "UNION ALL SELECT 'role', CURRENT_USER::pg_catalog.text, '' "
         "UNION ALL SELECT 'prepared', name, statement FROM pg_catalog.pg_prepared_statements "
         "UNION ALL SELECT CASE WHEN is_holdable THEN 'hold' ELSE 'cursor' END, name, statement FROM pg_catalog.pg_cursors "
         "UNION ALL SELECT CASE WHEN relkind OPERATOR(pg_catalog.=) 'v' THEN 'temp view' ELSE 'temp' END, "
         "relname::pg_catalog.text, '' "
         "FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()";
}

Result<Done> SessionState::take_settings(const Rows& rows) {
  const auto known_temps = std::exchange(temp_relations_, {});
  prepared_.clear();
  cursors_.clear();
  uncertain_ = false;
  for (const auto& row : rows) {
    if (row.size() != 3)
      return Error{Code::malformed, Blame::upstream, "the answer about the session's settings has another shape than asked for"};
    const std::string kind = row[0].value_or(""), name = row[1].value_or(""), value = row[2].value_or("");
    if (kind == "setting") set(name, value);
    if (kind == "role") set_role(name);
    if (kind == "prepared") prepared_[name] = value;
    if (kind == "cursor" || kind == "hold") cursors_[name] = {value, kind == "hold"};
    if (kind == "temp") temp_relations_[name] = {false, "", true};
    if (kind == "temp view") {
      const auto known = known_temps.find(name);
      temp_relations_[name] = {true, known == known_temps.end() ? "" : known->second.text, true};
    }
  }
  changed();
  return Done{};
}

void SessionState::apply(const std::vector<StatementFacts>& facts) {
  for (const StatementFacts& one : facts) apply(one);
}

void SessionState::apply(const StatementFacts& facts) {
  for (const Change& one : facts.changes) change(one);
}

void SessionState::change(const Change& change) {
  using What = Change::What;
  switch (change.what) {
    case What::setting: set(change.name, change.value); break;
    case What::forget_settings: uncertain_ = true; break;
    case What::prepare: prepared_[change.name] = change.value.value_or(""); break;
    case What::deallocate: change.name.empty() ? prepared_.clear() : void(prepared_.erase(change.name)); break;
    case What::declare: cursors_[change.name] = {change.value.value_or(""), !change.local}; break;
    case What::close: change.name.empty() ? cursors_.clear() : void(cursors_.erase(change.name)); break;
    case What::temp_relation: temp_relations_[change.name] = {change.value.has_value(), change.value.value_or(""), false}; break;
    case What::discard: discard(); break;
    case What::discard_temp:
    case What::end_transaction:
      // What is temporary may be gone now, or back: until the server says so, both.
      for (auto& [name, relation] : temp_relations_) relation.certain = false;
      if (change.what == What::end_transaction) std::erase_if(cursors_, [](const auto& entry) { return !entry.second.hold; });
      break;
  }
  changed();
}

void SessionState::discard() {
  dialect_ = Dialect{};
  set_path(default_path_);
  set_role(user_);
  prepared_.clear();
  cursors_.clear();
  for (auto& [name, relation] : temp_relations_) relation.certain = false;
}

void SessionState::set(std::string_view name, const std::optional<std::string>& value) {
  if (name == "search_path") {
    set_path(value.value_or(default_path_));
  } else if (name == "standard_conforming_strings") {
    dialect_.standard_conforming_strings = !value || is_on(*value);
  } else if (name == "backslash_quote") {
    dialect_.backslash_quote = !value || is_on(*value) || lower(*value) == "safe_encoding";
  } else if (name == "client_encoding") {
    // What the login started with is unknown here; UTF-8 is not assumed.
    encoding_ = value.value_or("");
    plain_ascii_only_ = !value || !is_plain_encoding(*value);
  } else if (name == "role" || name == "session_authorization") {
    set_role(value && lower(*value) != "none" ? *value : user_);
  }
}

void SessionState::set_path(std::string value) {
  path_ = std::move(value);
  auto names = split_path(path_);
  uncertain_ = uncertain_ || !names;
  search_path_ = names ? std::move(*names) : std::vector<std::string>{};
  for (std::string& name : search_path_)
    if (name == "$user") name = role_;
}

void SessionState::set_role(std::string role) {
  role_ = std::move(role);
  role_changed_ = role_ != user_;
  set_path(path_);  // "$user" is somebody else
}

void SessionState::prepared_by_protocol(std::string_view name, std::string_view text) {
  const auto found = prepared_.find(name);
  if (found != prepared_.end() && found->second != text) changed();
  prepared_.insert_or_assign(std::string(name), std::string(text));
}

void SessionState::closed_by_protocol(std::string_view name) {
  const auto found = prepared_.find(name);
  if (found == prepared_.end()) return;
  prepared_.erase(found);
  changed();
}

void SessionState::portal_by_protocol(std::string_view name) {
  const auto found = cursors_.find(name);
  if (found == cursors_.end()) return;
  cursors_.erase(found);
  changed();
}

std::string SessionState::meaning() const {
  return fmt::format("search_path={} role={} standard_conforming_strings={} backslash_quote={} client_encoding={} certain={}",
                     fmt::join(search_path_, ","), role_, dialect_.standard_conforming_strings, dialect_.backslash_quote,
                     encoding_, !uncertain_);
}

const std::string* SessionState::prepared(std::string_view name) const {
  const auto found = prepared_.find(name);
  return found == prepared_.end() ? nullptr : &found->second;
}

const std::string* SessionState::cursor(std::string_view name) const {
  const auto found = cursors_.find(name);
  return found == cursors_.end() ? nullptr : &found->second.text;
}

const SessionState::TempRelation* SessionState::temp_relation(std::string_view name) const {
  const auto found = temp_relations_.find(name);
  return found == temp_relations_.end() ? nullptr : &found->second;
}

}  // namespace narrowgate::postgres
