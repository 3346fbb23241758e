// One event, one line of JSON on standard error: a noun first, facts as fields.
//
//   log_info("session opened", {{"session", id}, {"agent", name}});
//
// Not the audit trail (recording/), which fails closed; a log line may be lost. Never pass a Secret's inside.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace narrowgate {

enum class LogLevel { debug, info, warning, error };

struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t> value;  // Borrows until the call returns.
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, std::int64_t v) : key(k), value(v) {}
  LogField(std::string_view k, std::size_t v) : key(k), value(std::int64_t(v)) {}
  LogField(std::string_view k, int v) : key(k), value(std::int64_t(v)) {}
};
using LogFields = std::initializer_list<LogField>;

// `json` false writes "event key=value …" for a person at a terminal.
void log_start(LogLevel least, bool json);
void log_stop();                   // Writes what is queued.
bool log_enabled(LogLevel level);  // One relaxed load: ask before building costly fields.
void log_event(LogLevel level, std::string_view event, LogFields fields);

inline void log_debug(std::string_view event, LogFields fields = {}) {
  if (log_enabled(LogLevel::debug)) log_event(LogLevel::debug, event, fields);
}
inline void log_info(std::string_view event, LogFields fields = {}) {
  if (log_enabled(LogLevel::info)) log_event(LogLevel::info, event, fields);
}
inline void log_warning(std::string_view event, LogFields fields = {}) {
  if (log_enabled(LogLevel::warning)) log_event(LogLevel::warning, event, fields);
}
inline void log_error(std::string_view event, LogFields fields = {}) { log_event(LogLevel::error, event, fields); }

}  // namespace narrowgate
