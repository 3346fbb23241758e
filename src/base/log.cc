#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/clock.h"

namespace narrowgate {
namespace {

constexpr std::size_t kQueuedLinesMax = 8192;  // Beyond it the oldest line goes: a slow terminal must not slow a statement.

std::atomic<LogLevel> least_level{LogLevel::warning};
std::atomic<bool> as_json{true};
std::shared_ptr<spdlog::logger> sink;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "error";
}

std::string json_line(LogLevel level, std::string_view event, LogFields fields) {
  boost::json::object line;
  line["time"] = to_rfc3339(SystemClock().wall());
  line["level"] = name_of(level);
  line["event"] = event;
  for (const LogField& field : fields) {
    boost::json::value& slot = line[boost::json::string_view(field.key.data(), field.key.size())];
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) slot = *number;
    else slot = visible(std::get<std::string_view>(field.value));
  }
  return boost::json::serialize(line);
}

std::string plain_line(LogLevel level, std::string_view event, LogFields fields) {
  std::string line = fmt::format("{} {} {}", to_rfc3339(SystemClock().wall()), name_of(level), event);
  for (const LogField& field : fields) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) line += fmt::format(" {}={}", field.key, *number);
    else line += fmt::format(" {}={}", field.key, visible(std::get<std::string_view>(field.value)));
  }
  return line;
}

}  // namespace

void log_start(LogLevel least, bool json) {
  least_level.store(least, std::memory_order_relaxed);
  as_json.store(json, std::memory_order_relaxed);
  spdlog::init_thread_pool(kQueuedLinesMax, 1);
  sink = spdlog::create_async_nb<spdlog::sinks::stderr_sink_mt>("narrowgate");
  sink->set_pattern("%v");
  sink->flush_on(spdlog::level::err);
}

void log_stop() {
  sink.reset();
  spdlog::shutdown();
}

bool log_enabled(LogLevel level) { return level >= least_level.load(std::memory_order_relaxed); }

void log_event(LogLevel level, std::string_view event, LogFields fields) {
  const std::string line =
      as_json.load(std::memory_order_relaxed) ? json_line(level, event, fields) : plain_line(level, event, fields);
  if (sink) sink->log(level == LogLevel::error ? spdlog::level::err : spdlog::level::info, "{}", line);
  else std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace narrowgate
