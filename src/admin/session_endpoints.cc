#include "admin/endpoint.h"
#include "base/log.h"
#include "base/version.h"
#include "recording/export.h"
#include "recording/reader.h"

namespace narrowgate::admin {
namespace {

Result<json::value> parsed(const std::string& text) { return parse_json(text); }

Result<Answer> list(const Parts& parts, const Input& input) {
  recording::Filter filter;
  filter.agent = input.query("agent");
  filter.task = input.query("task");
  filter.resource = input.query("resource");
  if (const std::string since = input.query("since"); !since.empty()) {
    NG_TRY(const WallTime from, from_rfc3339(since));
    filter.since = from;
  }
  NG_TRY(const auto reader, recording::Reader::open(parts.recording_folder));
  NG_TRY(const auto sessions, reader.sessions(filter));
  json::array out;
  for (const auto& session : sessions) {
    NG_TRY(json::value document, parsed(recording::to_json(session)));
    out.push_back(std::move(document));
  }
  return Answer(json::object{{"sessions", out}});
}

// Who looks at what agents did is worth knowing too.
Result<recording::Session> read(const Parts& parts, const Input& input) {
  log_info("recording read", {{"session", input.parameter("id")}, {"by", input.human.name}});
  NG_TRY(const auto reader, recording::Reader::open(parts.recording_folder));
  return reader.session(input.parameter("id"));
}

Result<Answer> show(const Parts& parts, const Input& input) {
  NG_TRY(const recording::Session session, read(parts, input));
  NG_TRY(json::value document, parsed(recording::to_json(session)));
  return Answer(std::move(document));
}

Result<Answer> export_one(const Parts& parts, const Input& input) {
  NG_TRY(const recording::Session session, read(parts, input));
  const std::string format = input.query("format");
  if (format.empty() || format == "jsonl") return Answer(recording::to_json_lines(session), "application/jsonl");
  if (format == "ocsf") return Answer(recording::to_ocsf(session, version()), "application/jsonl");
  if (format == "asciicast") return Answer(recording::to_asciicast(session), "application/x-asciicast");
  return Error{Code::malformed, Blame::client,
               fmt::format("format \"{}\" is not known; take jsonl, ocsf or asciicast", visible(format))};
}

Result<Answer> verify(const Parts& parts, const Input&) {
  NG_TRY(const auto reader, recording::Reader::open(parts.recording_folder));
  NG_TRY(const auto report, reader.verify());
  NG_TRY(json::value document, parsed(recording::to_json(report)));
  return Answer(std::move(document));
}

Result<Answer> live(const Parts& parts, const Input&) {
  json::array out;
  for (const grant::SessionFacts& facts : parts.registry.sessions({grant::Target::all, ""}))
    out.push_back({{"session", facts.session},
                   {"agent", facts.agent},
                   {"task", facts.task},
                   {"grant", facts.grant},
                   {"resource", facts.resource}});
  return Answer(json::object{{"live", out}});
}

}  // namespace

std::vector<Endpoint> session_endpoints() {
  return {
      {"GET",
       "/api/v1/sessions",
       "Recorded sessions, latest first",
       Access::auditor,
       {},
       {{"agent", "string", "its name"},
        {"task", "string", "tsk_…"},
        {"resource", "string", "its name"},
        {"since", "string", "RFC 3339"}},
       list},
      {"GET",
       "/api/v1/sessions/{id}",
       "One session: asked, granted, used, held, denied, and every step",
       Access::auditor,
       {},
       {},
       show},
      {"GET",
       "/api/v1/sessions/{id}/export",
       "The same for other tools",
       Access::auditor,
       {},
       {{"format", "string", "jsonl, ocsf or asciicast"}},
       export_one},
      {"GET", "/api/v1/log/verify", "Is the log whole?", Access::auditor, {}, {}, verify},
      {"GET", "/api/v1/live", "Sessions that are open now", Access::person, {}, {}, live},
  };
}

}  // namespace narrowgate::admin
