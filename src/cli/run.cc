// narrowgate run, connect, token, scope, request: for agents.
#include <fmt/format.h>

#include "base/bytes.h"
#include "cli/agent_access.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/database.h"
#include "cli/print.h"

namespace narrowgate::cli {
namespace {

struct Options {
  AgentOptions agent;
  std::vector<std::string> command;
  std::string decision, why, resource;
};

Result<int> run_with(const AgentAccess& access, const std::vector<std::string>& command) {
  NG_TRY(const SecretFile passfile, SecretFile::create(SecretString(passfile_line(access))));
  return run_child(command, agent_environment(own_environment(), access, passfile.path()));
}

Result<int> run(const Options& options) {
  if (options.command.empty()) return Error{Code::malformed, Blame::client, "run what? narrowgate run TEMPLATE -- COMMAND…"};
  NG_TRY(const AgentAccess access, agent_access(options.agent));
  return run_with(access, options.command);
}

Result<int> connect(const Options& options) {
  NG_TRY(const AgentAccess access, agent_access(options.agent));
  std::vector<std::string> command{"psql"};
  command.insert(command.end(), options.command.begin(), options.command.end());
  return run_with(access, command);
}

Result<int> token(const Options& options) {
  NG_TRY(const SecretString key, agent_key());
  if (options.agent.where.json) return print_json(json::object{{"token", key.expose()}}), 0;
  print_line(key.expose());  // asked for by its owner
  return 0;
}

Result<Answer> ask(const AgentOptions& options, const std::string& sql) {
  NG_TRY(const AgentAccess access, agent_access(options));
  const Settings settings{{"host", access.host},
                          {"port", access.port},
                          {"user", access.agent},
                          {"dbname", access.database},
                          {"sslmode", access.sslmode},
                          {"sslrootcert", access.ca_file},
                          {"gssencmode", "disable"},
                          {"connect_timeout", "10"},
                          {"options", startup_options(access)},
                          {"application_name", "narrowgate"}};
  NG_TRY(const Database gateway, Database::connect(settings, access.key));
  return gateway.query(sql);
}

json::array json_rows(const Answer& answer) {
  json::array out;
  for (const auto& row : answer.rows) {
    json::object one;
    for (std::size_t i = 0; i < row.size(); ++i) one[answer.columns[i]] = row[i] ? json::value(visible(*row[i])) : json::value();
    out.push_back(std::move(one));
  }
  return out;
}

void print_rows(const Answer& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : answer.rows) {
    auto& cells = rows.emplace_back();
    for (const auto& value : row) cells.push_back(visible(value.value_or("")));
  }
  std::vector<std::string> head = answer.columns;
  for (std::string& name : head)
    for (char& c : name) c = char(std::toupper(static_cast<unsigned char>(c)));
  print_table(head, rows, "nothing");
}

Result<int> scope(const Options& options) {
  NG_TRY(const Answer answer, ask(options.agent, "SELECT * FROM narrowgate.scope"));
  if (options.agent.where.json) print_json(json::object{{"scope", json_rows(answer)}});
  else print_rows(answer);
  return 0;
}

Result<std::string> literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\\') return Error{Code::malformed, Blame::client, "the gateway takes no backslash here; leave it out"};
    if (c == '\'') out += c;
    out += c;
  }
  return out + "'";
}

Result<int> request(const Options& options) {
  NG_TRY(const std::string decision, literal(options.decision));
  NG_TRY(const std::string why, literal(options.why));
  NG_TRY(const Answer answer, ask(options.agent, fmt::format("CALL narrowgate.request({}, {})", decision, why)));
  const std::string said = answer.rows.empty() || answer.rows[0].empty() ? "" : visible(answer.rows[0][0].value_or(""));
  if (options.agent.where.json) print_json(json::object{{"decision", options.decision}, {"answer", said}});
  else print_line(said);
  return 0;
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* about, auto action) {
    CLI::App* command = app.add_subcommand(name, about);
    options->agent.where.add_to(*command);
    command->add_option("--agent", options->agent.agent, "who (else NARROWGATE_AGENT, else the template's only agent)");
    command->callback([=, &chosen] { chosen.run = [=] { return action(*options); }; });
    return command;
  };
  const auto for_task = [&](CLI::App* command) {
    command->add_option("--reason", options->agent.reason, "why this work is done; people see it");
    command->add_option("--ticket", options->agent.ticket, "where it is asked for");
    return command;
  };
  const auto with_task = [&](CLI::App* command) {
    command->add_option("--task", options->agent.task_template, "the template (else NARROWGATE_TASK)");
    return for_task(command);
  };
  const auto with_resource = [&](CLI::App* command) {
    command->add_option("--resource", options->agent.resource,
                        "what to connect to (else NARROWGATE_RESOURCE, else the template's only one)");
    return command;
  };

  CLI::App* runs =
      with_resource(for_task(add("run", "For agents: run a command that reaches its database through the gateway", run)));
  runs->add_option("template", options->agent.task_template, "the task")->required();
  runs->add_option("command", options->command, "what to run, after --");
  CLI::App* connects = with_task(add("connect", "For agents: psql, through the gateway", connect));
  connects->add_option("resource", options->agent.resource, "what to connect to")->required();
  connects->add_option("arguments", options->command, "more for psql, after --");
  CLI::App* tokens = add("token", "For agents: print the agent's own key or token, for PGPASSWORD", token);
  tokens->add_option("resource", options->resource, "for which resource; a key is good for all of them");
  with_resource(with_task(add("scope", "For agents: what this task may do", scope)));
  CLI::App* asks = with_resource(with_task(add("request", "For agents: ask people for what was denied", request)));
  asks->add_option("decision", options->decision, "dec_…, as the refusal named it")->required();
  asks->add_option("--why", options->why, "what a person should know")->required();
}

}  // namespace narrowgate::cli
