// narrowgate revoke: takes access back, and says how long that took.
#include <unistd.h>

#include <iostream>

#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"

namespace narrowgate::cli {
namespace {

struct Options {
  Where where;
  std::map<std::string, std::string> named;  // target → name
  bool all = false, yes = false;
  std::string reason;
};

Result<json::object> body_of(const Options& options) {
  json::object body;
  for (const auto& [target, name] : options.named)
    if (!name.empty()) {
      if (!body.empty())
        return Error{
            Code::malformed, Blame::client,
            "one command takes back one thing; give one of --agent, --task, --grant, --resource, --session, --person, --all"};
      body = {{"target", target}, {"name", name}};
    }
  if (options.all && body.empty()) body = {{"target", "all"}};
  if (body.empty())
    return Error{Code::malformed, Blame::client, "what? give --agent, --task, --grant, --resource, --session, --person or --all"};
  return body;
}

bool confirmed() {
  if (isatty(STDIN_FILENO) == 0) return false;
  std::cerr << "go on? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

std::string seconds(const json::object& answer, const char* member) {
  return fmt::format("{:.3f} s", double(answer.at(member).to_number<std::int64_t>()) / 1e6);
}

Result<int> revoke(const Options& options) {
  NG_TRY(json::object body, body_of(options));
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  if (!options.yes) {
    NG_TRY(const json::object would, client.post("/api/v1/revoke/preview", body));
    std::cerr << fmt::format("will stop: {} sessions ({} with something running), {} tasks, {} grants\n",
                             would.at("sessions").as_array().size(), text_of(would, "upstreams_busy"), text_of(would, "tasks"),
                             text_of(would, "grants"));
    if (!confirmed()) return Error{Code::refused, Blame::client, "nothing was revoked; give -y to do it without being asked"};
  }
  body["reason"] = options.reason;
  NG_TRY(const json::object answer, client.post("/api/v1/revoke", body));
  if (options.where.json) return print_json(answer), answer.at("complete").as_bool() ? 0 : 1;
  const std::size_t sessions = answer.at("sessions").as_array().size();
  print_line(fmt::format("accepted as epoch {}: {} tasks, {} grants, {} approvals", text_of(answer, "epoch"),
                         text_of(answer, "tasks"), text_of(answer, "grants"), text_of(answer, "approvals")));
  print_line(fmt::format("closed {}/{} clients in {}; cancelled {}/{} upstream in {}", text_of(answer, "clients_closed"),
                         sessions, seconds(answer, "clients_us"), text_of(answer, "upstreams_cancelled"),
                         text_of(answer, "upstreams_busy"), seconds(answer, "upstreams_us")));
  if (!answer.at("complete").as_bool())
    return Error{Code::timed_out, Blame::gateway, "not everything has stopped yet; see narrowgate live"};
  return 0;
}

}  // namespace

void add_revoke(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("revoke", "Take access back now");
  options->where.add_to(*command);
  for (const char* target : {"agent", "task", "grant", "resource", "session", "person"})
    command->add_option(std::string("--") + target, options->named[target], std::string("everything of this ") + target);
  command->add_flag("--all", options->all, "everything");
  command->add_option("--reason", options->reason, "for the record");
  command->add_flag("-y,--yes", options->yes, "without asking back");
  command->callback([=, &chosen] { chosen.run = [=] { return revoke(*options); }; });
}

}  // namespace narrowgate::cli
