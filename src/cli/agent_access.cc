#include "cli/agent_access.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "config/load.h"

namespace narrowgate::cli {
namespace {

constexpr const char* kSystemAuthorities =
    "/etc/ssl/certs/ca-certificates.crt";   // libpq has no word for "the system's" before 16
constexpr std::size_t kSecretBytesMin = 8;  // a shorter secret is looked for as a whole value only: it occurs by accident

std::string first(std::initializer_list<std::string> choices) {
  for (const std::string& choice : choices)
    if (!choice.empty()) return choice;
  return {};
}

Error unclear(std::string detail) { return {Code::malformed, Blame::client, std::move(detail)}; }

std::string trust(const config::Config& config, const config::PostgresListener& listener) {
  if (listener.tls.source == config::TlsSource::off) return {};
  if (const std::string named = environment("NARROWGATE_CA"); !named.empty()) return named;
  return listener.tls.source == config::TlsSource::automatic ? config.data_dir + "/tls/ca.pem" : kSystemAuthorities;
}

// The one agent that may use this template.
Result<std::string> only_agent(const config::Config& config, const std::string& task_template) {
  const config::Template* found = config.find_template(task_template);
  if (found == nullptr)
    return unclear(fmt::format("template \"{}\" is not in the configuration; see: narrowgate templates", task_template));
  if (found->agents.size() == 1) return found->agents.front();
  return unclear(fmt::format("template {} is for more than one agent ({}); give --agent or NARROWGATE_AGENT", task_template,
                             fmt::join(found->agents, ", ")));
}

// The one resource that this template reaches.
Result<std::string> only_resource(const config::Config& config, const std::string& task_template) {
  std::vector<std::string> reached;
  if (const config::Template* found = config.find_template(task_template))
    for (const config::ScopeRule& rule : found->scope)
      if (std::find(reached.begin(), reached.end(), rule.resource) == reached.end()) reached.push_back(rule.resource);
  if (reached.size() == 1) return reached.front();
  return unclear(fmt::format("template {} reaches {} resources; give --resource", task_template, reached.size()));
}

std::vector<SecretString> secrets_beside(const config::Config& config, const std::string& agent) {
  std::vector<SecretString> out;
  for (const config::Resource& resource : config.resources) out.push_back(resource.upstream.login.password.password);
  for (const config::Person& person : config.people)
    if (person.password) out.push_back(*person.password);
  for (const config::Agent& other : config.agents)
    if (other.key && other.name != agent) out.push_back(*other.key);
  return out;
}

Result<Done> by_config(AgentAccess& access, const config::Config& config) {
  if (!config.listeners.postgres)
    return Error{Code::unsupported, Blame::client, "this gateway has no postgres listener; switch listeners.postgres on"};
  const config::PostgresListener& listener = *config.listeners.postgres;
  access.host = reachable(listener.address.host);
  access.port = std::to_string(listener.address.port);
  access.ca_file = trust(config, listener);
  access.sslmode = access.ca_file.empty() ? "disable" : "verify-full";
  if (access.task_template.empty()) access.task_template = listener.default_template;
  if (access.agent.empty()) {
    NG_TRY(access.agent, only_agent(config, access.task_template));
  }
  if (access.resource.empty()) {
    NG_TRY(access.resource, only_resource(config, access.task_template));
  }
  access.database = access.resource;
  // Such a listener takes dbname for the database itself.
  if (const config::Resource* resource = config.resource(access.resource);
      resource != nullptr && resource->name == listener.default_resource)
    access.database = resource->upstream.database;
  access.secrets_of_others = secrets_beside(config, access.agent);
  return Done{};
}

Result<Done> by_environment(AgentAccess& access) {
  access.host = environment("NARROWGATE_PG_HOST");
  access.port = first({environment("NARROWGATE_PG_PORT"), "6432"});
  access.ca_file = environment("NARROWGATE_CA");
  const bool here = config::is_loopback(access.host);
  if (access.ca_file.empty() && !here) access.ca_file = kSystemAuthorities;
  access.sslmode = access.ca_file.empty() ? "prefer" : "verify-full";
  if (access.agent.empty()) return unclear("who? give --agent or NARROWGATE_AGENT");
  if (access.resource.empty()) return unclear("which resource? give --resource or NARROWGATE_RESOURCE");
  access.database = first({environment("NARROWGATE_DATABASE"), access.resource});
  return Done{};
}

bool inherited(const std::string& name) {
  static constexpr std::array<std::string_view, 6> harmless{"PGAPPNAME",         "PGTZ",  "PGCLIENTENCODING", "PGDATESTYLE",
                                                            "PGCONNECT_TIMEOUT", "PGGEQO"};
  static constexpr std::array<std::string_view, 6> secret{"DATABASE_URL",      "MYSQL_PWD",           "NARROWGATE_TOKEN",
                                                          "NARROWGATE_PERSON", "NARROWGATE_PASSWORD", "NARROWGATE_DATA"};
  if (std::find(harmless.begin(), harmless.end(), name) != harmless.end()) return true;
  if (std::find(secret.begin(), secret.end(), name) != secret.end()) return false;
  return !name.starts_with("PG") && !name.starts_with("AWS_");
}

bool holds(const std::string& value, const SecretString& secret) {
  const std::string& text = secret.expose();
  return !text.empty() && (value == text || (text.size() >= kSecretBytesMin && value.find(text) != std::string::npos));
}

std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Result<SecretString> agent_key() {
  for (const char* name : {"NARROWGATE_KEY", "NARROWGATE_AGENT_TOKEN"})
    if (std::string text = environment(name); !text.empty()) return SecretString(std::move(text));
  for (const char* name : {"NARROWGATE_KEY_FILE", "NARROWGATE_AGENT_TOKEN_FILE"}) {
    const std::string path = environment(name);
    if (path.empty()) continue;
    Result<std::string> text = config::bounded_file_reader()(path);
    if (!text.ok())
      return Error{Code::not_found, Blame::client, fmt::format("{}: {} cannot be read: {}", name, path, text.error().detail)};
    text->erase(text->find_last_not_of(" \t\r\n") + 1);
    if (text->empty()) return unclear(fmt::format("{}: {} is empty", name, path));
    return SecretString(std::move(text).take());
  }
  return Error{
      Code::not_found, Blame::client,
      "the agent has no key; set NARROWGATE_KEY, NARROWGATE_KEY_FILE, NARROWGATE_AGENT_TOKEN or NARROWGATE_AGENT_TOKEN_FILE"};
}

Result<AgentAccess> agent_access(const AgentOptions& options) {
  AgentAccess access;
  access.agent = first({options.agent, environment("NARROWGATE_AGENT")});
  access.task_template = first({options.task_template, environment("NARROWGATE_TASK")});
  access.resource = first({options.resource, environment("NARROWGATE_RESOURCE")});
  access.reason = first({options.reason, environment("NARROWGATE_REASON")});
  access.ticket = first({options.ticket, environment("NARROWGATE_TICKET")});
  NG_TRY(access.key, agent_key());
  if (options.where.config.empty() && !environment("NARROWGATE_PG_HOST").empty()) {
    NG_TRY_VOID(by_environment(access));
  } else {
    NG_TRY(const config::Config config, load_config(options.where));
    NG_TRY_VOID(by_config(access, config));
  }
  return access;
}

std::string option_word(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return fmt::format("-c {}={}", name, escaped(value, " \t\n\v\f\r\\"));
}

std::string startup_options(const AgentAccess& access) {
  std::string out;
  for (const auto& [name, value] : {std::pair{"narrowgate.task", access.task_template},
                                    {"narrowgate.reason", access.reason},
                                    {"narrowgate.ticket", access.ticket}})
    if (const std::string word = option_word(name, value); !word.empty()) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string passfile_line(const AgentAccess& access) {
  return fmt::format("{}:{}:*:{}:{}\n", escaped(access.host, ":\\"), access.port, escaped(access.agent, ":\\"),
                     escaped(access.key.expose(), ":\\"));
}

Environment own_environment() {
  Environment out;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view entry = *one;
    const auto equals = entry.find('=');
    if (equals != std::string_view::npos) out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

Environment agent_environment(Environment before, const AgentAccess& access, const std::string& passfile) {
  std::erase_if(before, [&](const auto& entry) {
    return !inherited(entry.first) || std::any_of(access.secrets_of_others.begin(), access.secrets_of_others.end(),
                                                  [&](const SecretString& secret) { return holds(entry.second, secret); });
  });
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) before[name] = value;
  };
  set("PGHOST", access.host), set("PGPORT", access.port), set("PGUSER", access.agent), set("PGDATABASE", access.database);
  set("PGOPTIONS", startup_options(access)), set("PGSSLMODE", access.sslmode), set("PGSSLROOTCERT", access.ca_file);
  set("PGPASSFILE", passfile), set("PGGSSENCMODE", "disable");
  // So that `narrowgate scope` inside the command needs to be told nothing.
  set("NARROWGATE_PG_HOST", access.host), set("NARROWGATE_PG_PORT", access.port), set("NARROWGATE_CA", access.ca_file);
  set("NARROWGATE_AGENT", access.agent), set("NARROWGATE_TASK", access.task_template),
      set("NARROWGATE_RESOURCE", access.resource);
  set("NARROWGATE_DATABASE", access.database), set("NARROWGATE_REASON", access.reason), set("NARROWGATE_TICKET", access.ticket);
  return before;
}

}  // namespace narrowgate::cli
