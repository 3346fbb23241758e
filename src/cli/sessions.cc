// narrowgate sessions: what agents did, read from the recording folder itself. Works beside a running gateway and on a copy.
#include <fmt/format.h>

#include <filesystem>
#include <thread>

#include "base/bytes.h"
#include "base/version.h"
#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"
#include "cli/session_page.h"
#include "config/load.h"
#include "recording/export.h"
#include "recording/reader.h"

namespace narrowgate::cli {
namespace {

struct Options {
  Where where;
  std::string folder, since, vkey, id, format = "jsonl";
  recording::Filter filter;
  PageOptions page;
  double speed = 1;
};

Result<recording::Reader> reader(const Options& options) {
  if (!options.folder.empty()) return recording::Reader::open(options.folder);
  NG_TRY(const std::string data, data_folder(options.where));
  return recording::Reader::open(data + "/recording");
}

// "7d" ago, or a time as RFC 3339 has it.
Result<WallTime> time_of(const std::string& text, WallTime now) {
  if (const auto ago = parse_duration(text); ago.ok()) return now - *ago;
  const Result<WallTime> time = from_rfc3339(text);
  if (time.ok()) return time;
  return Error{Code::malformed, Blame::client, fmt::format("\"{}\" is not a time; write 7d, 12h or 2026-11-22T12:00:00Z", text)};
}

std::string fact(const recording::SessionSummary& session, const char* name) {
  const auto found = session.facts.find(name);
  return found == session.facts.end() ? "" : visible(found->second);
}

Result<int> list(const Options& options) {
  recording::Filter filter = options.filter;
  if (!options.since.empty()) {
    NG_TRY(filter.since, time_of(options.since, SystemClock().wall()));
  }
  NG_TRY(const recording::Reader log, reader(options));
  NG_TRY(const auto sessions, log.sessions(filter));
  if (options.where.json) {
    json::array out;
    for (const auto& session : sessions) {
      NG_TRY(json::value one, parse_json(recording::to_json(session)));
      out.push_back(std::move(one));
    }
    return print_json(json::object{{"sessions", out}}), 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& s : sessions)
    rows.push_back({s.session, to_rfc3339(s.started).substr(0, 19), s.ended ? short_time(s.last - s.started) : "open",
                    fact(s, "agent"), fact(s, "template"), fact(s, "resource"),
                    fmt::format("{}/{}/{}", s.permitted, s.held, s.denied), std::to_string(s.rows)});
  print_table({"SESSION", "STARTED (UTC)", "TOOK", "AGENT", "TASK", "RESOURCE", "OK/HELD/NO", "ROWS"}, rows,
              "no sessions are recorded");
  return 0;
}

Result<int> show(const Options& options) {
  NG_TRY(const recording::Reader log, reader(options));
  NG_TRY(const recording::Session session, log.session(options.id));
  if (!options.where.json) return std::fputs(session_page(session, options.page).c_str(), stdout), 0;
  NG_TRY(const json::value document, parse_json(recording::to_json(session)));
  return print_json(document), 0;
}

void print_report(const recording::VerifyReport& report) {
  print_line(fmt::format("log         {}", report.log_name));
  print_line(fmt::format("records     {} in {} sessions, {} segments", report.records, report.sessions, report.segments));
  print_line(fmt::format("checkpoint  {} records under the signature; {} sealed after it, {} in {} journals", report.size,
                         report.unsigned_records, report.journal_records, report.journals));
  print_line(fmt::format("root        {}", report.root));
  for (const std::string& remark : report.remarks) print_line("note        " + visible(remark));
}

int print_fault(const recording::Fault& fault) {
  const std::string record = fault.place.index ? fmt::format("record {}, ", *fault.place.index) : "";
  std::fprintf(stderr,
               "\n*** THE LOG HAS BEEN DAMAGED OR CHANGED ***\n"
               "*** first fault: %s, %soffset %llu\n"
               "*** %s\n"
               "*** Keep this folder as it is, compare it with your copies, and do not trust what follows this place.\n",
               fault.place.file.c_str(), record.c_str(), static_cast<unsigned long long>(fault.place.offset),
               visible(fault.what).c_str());
  return 1;
}

Result<int> verify(const Options& options) {
  NG_TRY(const recording::Reader log, reader(options));
  std::optional<std::string> vkey;
  if (!options.vkey.empty()) vkey = options.vkey;
  if (vkey && std::filesystem::exists(*vkey)) {
    NG_TRY(vkey, config::bounded_file_reader()(*vkey));
    vkey->erase(vkey->find_last_not_of(" \r\n") + 1);
  }
  NG_TRY(const recording::VerifyReport report, log.verify(vkey));
  if (options.where.json) {
    NG_TRY(const json::value document, parse_json(recording::to_json(report)));
    print_json(document);
  } else {
    print_report(report);
    if (report.ok)
      print_line(fmt::format("whole       nothing was changed, cut or added{}", vkey ? ", by the key you gave" : ""));
  }
  std::fflush(stdout);
  if (report.fault) return print_fault(*report.fault);
  if (!report.ok) return Error{Code::malformed, Blame::gateway, "the log cannot be shown to be whole"};
  return 0;
}

Result<int> export_one(const Options& options) {
  NG_TRY(const recording::Reader log, reader(options));
  NG_TRY(const recording::Session session, log.session(options.id));
  const std::string text = options.format == "ocsf"        ? recording::to_ocsf(session, version())
                           : options.format == "asciicast" ? recording::to_asciicast(session)
                                                           : recording::to_json_lines(session);
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return 0;
  return Error{Code::unavailable, Blame::client, "standard output cannot be written to"};
}

Result<int> replay(const Options& options) {
  NG_TRY(const recording::Reader log, reader(options));
  NG_TRY(const recording::Session session, log.session(options.id));
  if (options.where.json) return std::fputs(recording::to_json_lines(session).c_str(), stdout), 0;
  std::fputs(session_head(session, options.page).c_str(), stdout);
  std::uint64_t before = 0;
  for (const Event& event : session_events(session, options.page)) {
    std::fflush(stdout);
    std::this_thread::sleep_for(replay_pause(before, event.mono_ns, options.speed));
    before = event.mono_ns;
    std::fputs(event.text.c_str(), stdout);
  }
  return 0;
}

}  // namespace

void add_sessions(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* sessions =
      app.add_subcommand("sessions", "What agents did; reads the data folder (--config, NARROWGATE_DATA or --recording)");
  sessions->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, auto action) {
    CLI::App* command = sessions->add_subcommand(name, about);
    options->where.add_to(*command);
    command->add_option("--recording", options->folder, "a recording folder, or a copy of one");
    command->callback([=, &chosen] { chosen.run = [=] { return action(*options); }; });
    return command;
  };
  const auto for_one = [&](CLI::App* command) {
    command->add_option("session", options->id, "ses_…")->required();
    return command;
  };
  CLI::App* lists = add("list", "Recorded sessions, latest first", list);
  lists->add_option("--agent", options->filter.agent, "only this agent's");
  lists->add_option("--task", options->filter.task, "only this task's, tsk_…");
  lists->add_option("--resource", options->filter.resource, "only on this resource");
  lists->add_option("--since", options->since, "7d, 12h, or a time");
  lists->add_option("--limit", options->filter.most, "at most so many")->capture_default_str();
  for_one(add("show", "One: asked, granted, used, held, denied, and every event", show))
      ->add_flag("--full", options->page.full, "long statements whole");
  add("verify", "Is the log whole? Exit status 1 if it is not", verify)
      ->add_option("--vkey", options->vkey, "the key it must be signed with, or a file of it: one you kept elsewhere");
  for_one(add("export", "One, for other tools", export_one))
      ->add_option("--format", options->format, "jsonl, ocsf or asciicast")
      ->check(CLI::IsMember({"jsonl", "ocsf", "asciicast"}))
      ->capture_default_str();
  for_one(add("replay", "One, event by event, at reading speed", replay))
      ->add_option("--speed", options->speed, "2 is twice as fast")
      ->check(CLI::Range(0.1, 1000.0))
      ->capture_default_str();
}

}  // namespace narrowgate::cli
