#include "session/session.h"

#include <fmt/ranges.h>

#include "base/log.h"

namespace narrowgate::session {

Session::Session(const Gateway& gateway_, const Entrance& entrance_, Conversation& conversation_, std::string id_,
                 Admission admission_, std::unique_ptr<recording::SessionLog> log_)
    : gateway(gateway_),
      entrance(entrance_),
      conversation(conversation_),
      id(std::move(id_)),
      admission(std::move(admission_)),
      authorizer(gateway, admission, conversation),
      log(std::move(log_)) {}

void Session::ends_because(std::string reason) {
  if (end_reason_.empty()) end_reason_ = std::move(reason);
}

void Session::stop(DenialCode code, std::string message, std::string reason) {
  ends_because(std::move(reason));
  Denial denial;
  denial.code = code;
  denial.message = std::move(message);
  denial.hint = code == DenialCode::expired ? "Connect again for a new grant." : "";
  denial.retry = code == DenialCode::unavailable ? "after:30" : "never";
  conversation.terminate(denial);
}

void Session::update_busy(std::size_t in_flight) {
  if (live && in_flight <= 1) live->upstream_busy(in_flight == 1);
}

void Session::finished(std::uint64_t request, const Outcome& outcome) {
  if (in_flight_ > 0) update_busy(--in_flight_);
  counts.rows += outcome.rows;
  counts.bytes += outcome.bytes;
  gateway.metrics.rows.fetch_add(outcome.rows, std::memory_order_relaxed);
  gateway.metrics.bytes.fetch_add(outcome.bytes, std::memory_order_relaxed);
  if (!outcome.sqlstate.empty()) gateway.metrics.upstream_errors.fetch_add(1, std::memory_order_relaxed);
  gateway.metrics.upstream_time.observe(outcome.took);

  const Result<Done> recorded =
      log->outcome({.intent = request,
                    .ending = outcome.completed ? recording::Ending::completed : recording::Ending::unknown,
                    .tag = outcome.tag,
                    .sqlstate = outcome.sqlstate,
                    .columns = {},
                    .rows = outcome.rows,
                    .bytes = outcome.bytes,
                    .duration = outcome.took});
  if (!outcome.found.empty()) found(outcome);
  // Fails closed: what cannot be recorded must not go on.
  if (!recorded.ok())
    stop(DenialCode::unavailable, "this session cannot be recorded any more", "recorder: " + recorded.error().detail);

  admission.grant->touch(gateway.clock.mono());
  // Not before the end of an operation: it is cut off where its allowance ends, and the client hears why.
  if (admission.grant->charge({.rows_written = outcome.rows_written, .time = outcome.took}) == grant::Spent::exhausted)
    gateway.registry.exhaust(admission.grant->grant().id);
}

void Session::forwarded() {
  update_busy(++in_flight_);
  admission.grant->charge({.uses = 1});
}

Allowance Session::allowance() const {
  const grant::Budget left = admission.grant->left();
  return {left.rows_read.value_or(Allowance::unlimited), left.bytes.value_or(Allowance::unlimited),
          left.time.value_or(Allowance::forever)};
}

void Session::found(const Outcome& outcome) {
  std::string words;
  for (const auto& [entity, times] : outcome.found) {
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", entity, times);
    gateway.metrics.detected.fetch_add(times, std::memory_order_relaxed);
  }
  if (const Result<Done> noted = log->note("detected", words); !noted.ok())
    log_warning("note not recorded", {{"session", id}, {"why", noted.error().detail}});
}

void Session::noticed(std::string_view what) {
  if (const Result<Done> noted = log->note("protocol", what); !noted.ok())
    log_warning("note not recorded", {{"session", id}, {"why", noted.error().detail}});
}

std::vector<recording::Value> recorded(const std::vector<ParameterValue>& values) {
  std::vector<recording::Value> out;
  out.reserve(values.size());
  for (const ParameterValue& value : values) out.push_back({value.type, value.null, value.bytes});
  return out;
}

std::string in_words(const Operation& operation) {
  std::string out;
  for (const Effect& effect : operation.effects) {
    out += fmt::format("{}{} {}", out.empty() ? "" : "; ", effect.verb, effect.object);
    if (!effect.columns.empty()) out += fmt::format("({})", fmt::join(effect.columns, ", "));
  }
  return out;
}

}  // namespace narrowgate::session
