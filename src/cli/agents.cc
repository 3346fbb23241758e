// narrowgate agents: who may connect, and their keys.
#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"
#include "http/message.h"

namespace narrowgate::cli {
namespace {

struct Options {
  Where where;
  std::string agent, key, life, reason;
};

Result<int> list(const Options& options) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  NG_TRY(const json::object answer, client.get("/api/v1/agents"));
  if (options.where.json) return print_json(answer), 0;
  std::vector<std::vector<std::string>> rows;
  for (const json::value& one : answer.at("agents").as_array()) {
    const json::object& agent = one.as_object();
    rows.push_back({text_of(agent, "name"), text_of(agent, "owner"), joined(agent.at("templates")), text_of(agent, "sessions"),
                    text_of(agent, "suspended") == "true" ? "suspended" : ""});
  }
  print_table({"AGENT", "OWNER", "TEMPLATES", "SESSIONS", ""}, rows, "no agents are configured");
  return 0;
}

Result<int> keys(const Options& options) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  NG_TRY(const json::object answer, client.get("/api/v1/agents/" + http::percent_encode(options.agent) + "/keys"));
  if (options.where.json) return print_json(answer), 0;
  std::vector<std::vector<std::string>> rows;
  for (const json::value& one : answer.at("keys").as_array()) {
    const json::object& key = one.as_object();
    rows.push_back(
        {text_of(key, "id"), text_of(key, "created"), text_of(key, "expires"), text_of(key, "live") == "true" ? "live" : "dead"});
  }
  print_table({"KEY", "CREATED", "EXPIRES", ""}, rows, "no keys are enrolled");
  return 0;
}

Result<int> enrol(const Options& options) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  json::object body;
  if (!options.life.empty()) body["life"] = options.life;
  NG_TRY(const json::object answer, client.post("/api/v1/agents/" + http::percent_encode(options.agent) + "/keys", body));
  if (options.where.json) return print_json(answer), 0;
  print_line(text_of(answer, "key"));
  std::fprintf(stderr, "key %s of %s: shown this once, kept as a digest; revoke it with: narrowgate agents revoke-key %s %s\n",
               text_of(answer, "id").c_str(), options.agent.c_str(), options.agent.c_str(), text_of(answer, "id").c_str());
  return 0;
}

Result<int> revoke_key(const Options& options) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  NG_TRY(const json::object answer,
         client.remove("/api/v1/agents/" + http::percent_encode(options.agent) + "/keys/" + http::percent_encode(options.key)));
  if (options.where.json) return print_json(answer), 0;
  print_line(fmt::format("key {} is revoked; sessions it opened go on: narrowgate revoke --agent {} ends them", options.key,
                         options.agent));
  return 0;
}

Result<int> change(const Options& options, const char* what) {
  NG_TRY(const GatewayClient client, GatewayClient::create(options.where));
  json::object body;
  if (std::string_view(what) == "suspend") body["reason"] = options.reason;
  NG_TRY(const json::object answer, client.post("/api/v1/agents/" + http::percent_encode(options.agent) + "/" + what, body));
  if (options.where.json) return print_json(answer), 0;
  print_line(fmt::format("{}: {}", options.agent,
                         std::string_view(what) == "suspend"
                             ? std::string("suspended; what is open goes on until: narrowgate revoke --agent ") + options.agent
                             : "may connect again"));
  return 0;
}

}  // namespace

void add_agents(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* agents = app.add_subcommand("agents", "Who may connect, and their keys");
  agents->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, auto action) {
    CLI::App* command = agents->add_subcommand(name, about);
    options->where.add_to(*command);
    command->callback([=, &chosen] { chosen.run = [=] { return action(*options); }; });
    return command;
  };
  const auto for_agent = [&](CLI::App* command) { command->add_option("agent", options->agent, "its name")->required(); };
  add("list", "All of them", list);
  for_agent(add("keys", "An agent's keys", keys));
  CLI::App* enrols = add("enrol", "Enrol a key, shown once", enrol);
  for_agent(enrols);
  enrols->add_option("--life", options->life, "how long it works: 30d, 12h (default: until revoked)");
  CLI::App* revokes = add("revoke-key", "Revoke a key", revoke_key);
  for_agent(revokes);
  revokes->add_option("key", options->key, "its id")->required();
  CLI::App* suspends = add("suspend", "No new sessions for this agent", [](const Options& o) { return change(o, "suspend"); });
  for_agent(suspends);
  suspends->add_option("--reason", options->reason, "for the record");
  for_agent(add("restore", "Let it connect again", [](const Options& o) { return change(o, "restore"); }));
}

}  // namespace narrowgate::cli
