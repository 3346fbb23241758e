// How an agent's PostgreSQL clients reach the gateway: address, trust, task, and the agent's own key. As PG* variables for a
// command, or for a connection of our own.
//
// Where to: --config FILE (its postgres listener), or NARROWGATE_PG_HOST, NARROWGATE_PG_PORT and NARROWGATE_CA.
// The key: NARROWGATE_KEY, NARROWGATE_AGENT_TOKEN, or a file of either: NARROWGATE_KEY_FILE, NARROWGATE_AGENT_TOKEN_FILE.
//
// Promises: the environment made for a command holds nothing that a database or a cloud would accept, and nothing of a person's
// login, with which an agent could approve what it asks for: no PG* and AWS_* variables of ours, no secret of the configuration's
// but the agent's own. The key stands in a file, never in an argument.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "cli/gateway_client.h"

namespace narrowgate::cli {

// What the command line says; "" is filled in from NARROWGATE_AGENT, NARROWGATE_TASK, NARROWGATE_RESOURCE, and where only one is
// possible, from the configuration.
struct AgentOptions {
  Where where;
  std::string agent, task_template, resource, reason, ticket;
};

struct AgentAccess {
  std::string host, port, sslmode, ca_file;
  std::string agent, task_template, resource, database, reason, ticket;
  SecretString key;
  std::vector<SecretString> secrets_of_others;  // upstreams', people's, other agents': a command must not inherit them
};

Result<AgentAccess> agent_access(const AgentOptions& options);
// The agent's key or token. Every place that was looked at, if there is none.
Result<SecretString> agent_key();

// "-c name=value" as libpq's options wants it: blanks and backslashes escaped. "" for an empty value.
std::string option_word(std::string_view name, std::string_view value);
std::string startup_options(const AgentAccess& access);
// The line of a password file for this gateway and no other server.
std::string passfile_line(const AgentAccess& access);

using Environment = std::map<std::string, std::string>;
Environment own_environment();
// `before` without what must not be inherited, with what a PostgreSQL client needs.
Environment agent_environment(Environment before, const AgentAccess& access, const std::string& passfile);

}  // namespace narrowgate::cli
