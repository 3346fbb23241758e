// narrowgate doctor: would the gateway run, and is it set up as it should be? Needs no running gateway, and disturbs none.
#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/doctor_checks.h"
#include "cli/gateway_client.h"
#include "cli/print.h"
#include "config/load.h"

namespace narrowgate::cli {
namespace {

std::optional<config::Config> check_config(Findings& out, const std::string& path) {
  config::Loaded loaded = config::load(path);
  for (const config::Complaint& warning : loaded.warnings) out.doubtful("configuration", config::to_string(warning), "");
  for (const config::Complaint& error : loaded.errors) out.bad("configuration", config::to_string(error), "");
  if (loaded.config)
    out.good("configuration",
             fmt::format("{}: {} resources, {} templates, {} agents, {} people", path, loaded.config->resources.size(),
                         loaded.config->templates.size(), loaded.config->agents.size(), loaded.config->people.size()));
  return std::move(loaded.config);
}

const char* word(Health health) { return health == Health::good ? "good" : health == Health::doubtful ? "doubtful" : "bad"; }

void print(const Findings& findings, bool as_json) {
  json::array out;
  for (const Finding& one : findings.all()) {
    if (as_json)
      out.push_back({{"health", word(one.health)}, {"thing", one.thing}, {"fault", one.fault}, {"remedy", one.remedy}});
    else print_line(to_line(one));
  }
  if (as_json) print_json(json::object{{"ok", !findings.any_bad()}, {"findings", out}});
}

Result<int> examine(const Where& where) {
  const WallTime now = SystemClock().wall();
  Findings findings;
  check_clock(findings, now);
  if (const auto config = check_config(findings, where.config.empty() ? "narrowgate.yaml" : where.config)) {
    check_data_folder(findings, config->data_dir);
    check_listeners(findings, *config, now);
    check_policies(findings, *config);
    for (const config::Resource& resource : config->resources) check_resource(findings, resource, now);
    check_recording(findings, config->data_dir + "/recording");
  }
  print(findings, where.json);
  return findings.any_bad() ? 1 : 0;
}

}  // namespace

void add_doctor(CLI::App& app, Chosen& chosen) {
  auto where = std::make_shared<Where>();
  CLI::App* command = app.add_subcommand("doctor", "Find what is wrong with a set-up, and say what to do about it");
  where->add_to(*command);
  command->callback([where, &chosen] { chosen.run = [where] { return examine(*where); }; });
}

}  // namespace narrowgate::cli
