#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "protocol/postgres/wire/startup.h"

namespace narrowgate::postgres {
namespace {

// In PostgreSQL's own locale-free sense; the C library's isspace would ask the locale.
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

Error not_taken(std::string_view what, std::string_view why) {
  return {Code::unsupported, Blame::client,
          fmt::format("startup option \"{}\" {}; only settings are taken: -c name=value", visible(what), why)};
}

// pg_split_opts: blanks separate, a backslash takes the next character as it is, a last lone backslash is dropped.
std::vector<std::string> split_options(std::string_view options) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (true) {
    while (at < options.size() && is_blank(options[at])) ++at;
    if (at == options.size()) return words;
    std::string& word = words.emplace_back();
    for (; at < options.size() && !is_blank(options[at]); ++at) {
      if (options[at] != '\\') word += options[at];
      else if (++at < options.size()) word += options[at];
      else return words;
    }
  }
}

// ParseLongOption: everything before the first '=' is the name, in which '-' means '_'.
Result<Setting> read_setting(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return not_taken(text, "has no value");
  Setting setting{lower(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  std::replace(setting.name.begin(), setting.name.end(), '-', '_');
  if (setting.name.empty()) return not_taken(text, "has no name");
  return setting;
}

// parse_bool: any start of true, false, yes, no; on; of, off; 1, 0.
std::optional<bool> read_bool(std::string_view text) {
  const std::string value = lower(text);
  const auto starts = [&](std::string_view word, std::size_t at_least) {
    return value.size() >= at_least && word.starts_with(value);
  };
  if (starts("true", 1) || starts("yes", 1) || value == "on" || value == "1") return true;
  if (starts("false", 1) || starts("no", 1) || starts("off", 2) || value == "0") return false;
  return {};
}

bool names_the_session(std::string_view name) {
  return name == "user" || name == "database" || name == "options" || name == "replication" || name.starts_with("_pq_.");
}

// PostgreSQL compares encoding names by letters and digits only.
std::string bare_encoding(std::string_view name) {
  std::string out;
  for (const char c : lower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

}  // namespace

Result<std::vector<Setting>> parse_options(std::string_view options) {
  std::vector<Setting> settings;
  const std::vector<std::string> words = split_options(options);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    std::string_view text = word;
    if (word == "--") {  // getopt: the end of the switches, and a server takes nothing after them
      if (i + 1 < words.size()) return not_taken(words[i + 1], "is not a switch");
      break;
    }
    if (word == "-c") {
      if (++i == words.size()) return not_taken(word, "has no value");
      text = words[i];
    } else if (word.starts_with("-c") || word.starts_with("--")) {
      text.remove_prefix(2);
    } else {
      return not_taken(word, "is not a setting");
    }
    NG_TRY(Setting setting, read_setting(text));
    settings.push_back(std::move(setting));
  }
  return settings;
}

Result<std::vector<Setting>> client_settings(const StartupMessage& startup) {
  NG_TRY(std::vector<Setting> settings, parse_options(startup.find("options").value_or("")));
  for (const auto& [name, value] : startup.parameters) {
    if (!names_the_session(name)) settings.push_back({lower(name), value});
  }
  return settings;
}

Result<Replication> replication_asked(const StartupMessage& startup) {
  Replication asked = Replication::none;
  for (const auto& [name, value] : startup.parameters) {
    if (name != "replication") continue;
    const std::optional<bool> on = value == "database" ? true : read_bool(value);
    if (!on)
      return Error{Code::malformed, Blame::client,
                   fmt::format("replication=\"{}\" is neither a boolean nor database", visible(value))};
    if (value == "database") asked = Replication::database;
    else if (*on && asked == Replication::none) asked = Replication::physical;
  }
  return asked;
}

bool is_utf8_encoding(std::string_view name) {
  const std::string bare = bare_encoding(name);
  return bare == "utf8" || bare == "unicode";
}

bool is_ascii_safe_encoding(std::string_view name) {
  // PostgreSQL's server encodings and their other names (pg_encname_tbl); the client-only ones are the unsafe ones.
  constexpr std::string_view safe[] = {
      "abc",         "alt",         "euccn",        "eucjis2004",  "eucjp",       "euckr",       "euctw",       "iso88591",
      "iso885910",   "iso885913",   "iso885914",    "iso885915",   "iso885916",   "iso88592",    "iso88593",    "iso88594",
      "iso88595",    "iso88596",    "iso88597",     "iso88598",    "iso88599",    "koi8",        "koi8r",       "koi8u",
      "latin1",      "latin10",     "latin2",       "latin3",      "latin4",      "latin5",      "latin6",      "latin7",
      "latin8",      "latin9",      "muleinternal", "sqlascii",    "tcvn",        "tcvn5712",    "unicode",     "utf8",
      "vscii",       "win",         "win1250",      "win1251",     "win1252",     "win1253",     "win1254",     "win1255",
      "win1256",     "win1257",     "win1258",      "win866",      "win874",      "windows1250", "windows1251", "windows1252",
      "windows1253", "windows1254", "windows1255",  "windows1256", "windows1257", "windows1258", "windows866",  "windows874"};
  const std::string bare = bare_encoding(name);
  return std::find(std::begin(safe), std::end(safe), bare) != std::end(safe);
}

}  // namespace narrowgate::postgres
