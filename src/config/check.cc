#include <filesystem>
#include <set>

#include "config/schema.h"
#include "detect/entities.h"

namespace narrowgate::config {
namespace {

constexpr std::size_t key_characters_min = 16;
constexpr std::size_t masking_key_bytes_min = 32;
constexpr std::size_t key_characters_good = 24;
constexpr std::string_view github_issuer = "https://token.actions.githubusercontent.com";

template <class T>
std::vector<std::string_view> names_of(const std::vector<T>& things) {
  std::vector<std::string_view> names;
  for (const auto& thing : things)
    if (!thing.name.empty() && std::find(names.begin(), names.end(), thing.name) == names.end()) names.push_back(thing.name);
  return names;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Checker {
 public:
  Checker(Config& config, Reading& reading)
      : config_(config),
        reading_(reading),
        issuers_(names_of(config.issuers)),
        agents_(names_of(config.agents)),
        resources_(names_of(config.resources)),
        templates_(names_of(config.templates)) {}

  void run() {
    names_are_unique();
    listeners();
    each("issuers", config_.issuers, &Checker::issuer);
    each("resources", config_.resources, &Checker::resource);
    each("templates", config_.templates, &Checker::task_template);
    each("agents", config_.agents, &Checker::agent);
    each("people", config_.people, &Checker::person);
    pair_agents_with_templates();
    each("agents", config_.agents, &Checker::agent_default);
    approvers_exist();
    masking_key();
    if (!config_.policies.empty() && !std::filesystem::is_directory(config_.policies))
      error("policies", fmt::format("names {}, which is not a folder", config_.policies),
            "create it, or leave policies out for the built-in ones");
  }

 private:
  void error(const std::string& at, std::string fault, std::string remedy) {
    reading_.error_at(at, std::move(fault), std::move(remedy));
  }
  void warn(const std::string& at, std::string fault, std::string remedy) {
    reading_.warning_at(at, std::move(fault), std::move(remedy));
  }

  template <class T>
  void each(const std::string& list, std::vector<T>& things, void (Checker::*check)(const std::string&, T&)) {
    for (std::size_t i = 0; i < things.size(); ++i) (this->*check)(fmt::format("{}[{}]", list, i), things[i]);
  }

  // An empty name was complained about when it was read.
  void refers(const std::string& at, const std::string& name, std::string_view kind, const std::vector<std::string_view>& known) {
    if (!name.empty() && std::find(known.begin(), known.end(), name) == known.end())
      error(at, fmt::format("names the {} \"{}\", which does not exist", kind, name), suggestion(name, known));
  }

  template <class T>
  void unique(const std::string& list, const std::vector<T>& things) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < things.size(); ++i)
      if (!things[i].name.empty() && !seen.insert(things[i].name).second)
        error(fmt::format("{}[{}].name", list, i), fmt::format("\"{}\" is taken by an earlier entry", things[i].name),
              "give it another name");
  }
  void names_are_unique() {
    unique("issuers", config_.issuers);
    unique("agents", config_.agents);
    unique("people", config_.people);
    unique("resources", config_.resources);
    unique("templates", config_.templates);
  }

  // ---- listeners

  void listeners() {
    auto& all = config_.listeners;
    if (all.postgres) postgres_listener(*all.postgres);
    if (all.https) {
      tls("listeners.https.tls", all.https->tls);
      if (all.https->tls.source == TlsSource::off && !is_loopback(all.https->address.host))
        error("listeners.https.tls", "is off on an address that others reach",
              "use auto or certificate files, or a loopback address");
    }
    if (all.admin && !is_loopback(all.admin->address.host))
      warn("listeners.admin.address", "is reachable by others, without login", "keep it on a private network or on 127.0.0.1");
    addresses_differ();
  }

  void postgres_listener(PostgresListener& listener) {
    const std::string at = "listeners.postgres";
    tls(at + ".tls", listener.tls);
    const bool loopback = is_loopback(listener.address.host);
    if (listener.plaintext == Plaintext::loopback && !loopback)
      error(at + ".plaintext", fmt::format("is loopback, but {} is not a loopback address", to_string(listener.address)),
            "listen on 127.0.0.1, or write plaintext: refuse");
    if (listener.tls.source == TlsSource::off && listener.plaintext == Plaintext::refuse)
      error(at + ".tls", "is off while plaintext is refused, so nobody could connect", "write tls: auto, or plaintext: loopback");
    refers(at + ".default_resource", listener.default_resource, "resource", resources_);
    refers(at + ".default_template", listener.default_template, "template", templates_);
  }

  void tls(const std::string& at, ListenerTls& tls) {
    if (tls.source == TlsSource::off) return;
    if (tls.certificate.empty() != tls.key.empty())
      error(at, tls.key.empty() ? "has a certificate without its key" : "has a key without its certificate",
            "give both, or neither for our own CA");
    if (!tls.certificate.empty()) tls.source = TlsSource::files;
  }

  void addresses_differ() {
    const auto& all = config_.listeners;
    std::vector<std::pair<std::string, Address>> used;
    if (all.postgres) used.emplace_back("listeners.postgres.address", all.postgres->address);
    if (all.https) used.emplace_back("listeners.https.address", all.https->address);
    if (all.admin) used.emplace_back("listeners.admin.address", all.admin->address);
    for (std::size_t i = 1; i < used.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (used[i].second.port != 0 && used[i].second == used[j].second)
          error(used[i].first, fmt::format("{} is taken by {}", to_string(used[i].second), used[j].first),
                "give each listener its own port");
  }

  // ---- who

  void issuer(const std::string& at, Issuer& issuer) {
    https_only(at + ".url", issuer.url);
    https_only(at + ".jwks_url", issuer.jwks_url);
    for (const auto& other : config_.issuers) {
      if (&other == &issuer) break;
      if (!issuer.url.empty() && other.url == issuer.url)
        error(at + ".url", fmt::format("is already that of issuer \"{}\"", other.name), "keep one of the two");
    }
    if (contains(issuer.other_audiences, "*"))
      error(at + ".other_audiences", "holds *, and would accept tokens made for anybody", "name the audiences");
  }

  void https_only(const std::string& at, const std::string& url) {
    if (!url.starts_with("http://")) return;
    auto host = url.substr(7, url.find('/', 7) - std::min<std::size_t>(url.find('/', 7), 7));
    if (const auto bracket = host.find(']'); host.starts_with("[") && bracket != std::string::npos)
      host = host.substr(1, bracket - 1);
    else host = host.substr(0, host.find(':'));
    if (!is_loopback(host)) error(at, "is not https, so its keys could be anybody's", "write https://…");
  }

  void identity(const std::string& at, const TokenIdentity& identity) {
    refers(at + ".issuer", identity.issuer, "issuer", issuers_);
    if (identity.subject.empty() && identity.claims.empty())
      error(at, "fits every token of its issuer", "give a subject, or claims such as {repository_id: \"4419\"}");
    for (const auto& [claim, value] : identity.claims)
      if (claim.find("request_tags") != std::string::npos)
        error(at + ".claims", "trusts request_tags, which the caller chooses for itself",
              "use principal_tags, aws_account or org_id");
    const auto* issuer = config_.issuer(identity.issuer);
    if (issuer && issuer->url == github_issuer && !identity.claims.contains("repository_id"))
      warn(at, "matches GitHub by names, which can be deleted and taken by others", "add claims: {repository_id: \"…\"}");
  }

  void agent(const std::string& at, Agent& agent) {
    if (agent.key) key(at + ".key", agent.key->expose());
    for (std::size_t i = 0; i < agent.identities.size(); ++i)
      identity(fmt::format("{}.identities[{}]", at, i), agent.identities[i]);
    for (std::size_t i = 0; i < agent.certificates.size(); ++i)
      certificate(fmt::format("{}.certificates[{}]", at, i), agent.certificates[i]);
    for (std::size_t i = 0; i < agent.templates.size(); ++i)
      refers(fmt::format("{}.templates[{}]", at, i), agent.templates[i], "template", templates_);
    refers(at + ".default_template", agent.default_template, "template", templates_);
    if (agent.ceiling) scope(at + ".ceiling", *agent.ceiling);
  }

  void key(const std::string& at, const std::string& key) {
    if (key.empty()) return;
    const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!printable)
      return error(at, "holds blanks or characters outside ASCII, which clients spell differently",
                   "use letters, digits and punctuation");
    if (key.size() < key_characters_min)
      return error(at, fmt::format("is {} characters long", key.size()),
                   fmt::format("use at least {}, for example `openssl rand -base64 32`", key_characters_min));
    const std::set<char> different(key.begin(), key.end());
    if (key.size() < key_characters_good || different.size() < 10)
      warn(at, "is weak", "use 32 random bytes, for example `openssl rand -base64 32`");
    for (const auto& other : config_.agents) {
      if (!other.key || &other.key->expose() == &key) break;
      if (equal_secrets(other.key->expose(), key))
        return error(at, fmt::format("is also the key of agent \"{}\"", other.name), "give each agent its own");
    }
  }

  void certificate(const std::string& at, const CertificateIdentity& certificate) {
    if (certificate.fingerprint.empty() == certificate.uri.empty())
      return error(at, "must name one certificate", "give either fingerprint or uri");
    if (certificate.uri.empty()) fingerprint(at + ".fingerprint", certificate.fingerprint);
  }
  void fingerprint(const std::string& at, const std::string& text) {
    const bool hex = text.starts_with("sha256:") && text.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
    if (!hex || text.size() != 7 + 64) error(at, "is not a SHA-256 fingerprint", "write sha256: and 64 lower-case hex digits");
  }

  void person(const std::string& at, Person& person) {
    if (person.password && !person.password_hash.empty()) error(at, "has both password and password_hash", "keep password_hash");
    if (!person.password_hash.empty() && !person.password_hash.starts_with("$scrypt$"))
      error(at + ".password_hash", "is not a scrypt hash", "write $scrypt$ln=15,r=8,p=1$…$…");
    if (person.password && person.password->expose().size() < 8)
      error(at + ".password", "is shorter than 8 characters", "use a longer one");
    for (std::size_t i = 0; i < person.identities.size(); ++i)
      identity(fmt::format("{}.identities[{}]", at, i), person.identities[i]);
  }

  void approvers_exist() {
    for (std::size_t i = 0; i < config_.resources.size(); ++i)
      for (std::size_t j = 0; j < config_.resources[i].approvers.size(); ++j)
        if (!has_approver(config_.resources[i].approvers[j]))
          warn(fmt::format("resources[{}].approvers[{}]", i, j),
               fmt::format("names \"{}\", a group without any configured approver", config_.resources[i].approvers[j]),
               "give a person the role approver and this group, unless an issuer's tokens bring it");
  }
  bool has_approver(const std::string& group) const {
    return std::any_of(config_.people.begin(), config_.people.end(), [&](const Person& person) {
      return contains(person.groups, group) &&
             std::find(person.roles.begin(), person.roles.end(), Role::approver) != person.roles.end();
    });
  }

  // ---- what

  void resource(const std::string& at, Resource& resource) {
    const auto& upstream = resource.upstream;
    if (upstream.host.empty()) return;
    const bool loopback = is_loopback(upstream.host);
    if (upstream.tls.mode == UpstreamTlsMode::off && !loopback)
      error(at + ".upstream.tls.mode", fmt::format("is off, but {} is not a loopback host", upstream.host),
            "write verify-full, or off-even-remote if you answer for the network between");
    if (upstream.tls.mode == UpstreamTlsMode::off_even_remote && !loopback)
      warn(at + ".upstream.tls.mode", fmt::format("sends the login and all data to {} in plain text", upstream.host),
           "write verify-full");
    for (const auto& [label, kind] : resource.masking)
      if (!resource.classification.contains(label))
        error(fmt::format("{}.masking.{}", at, label), "names a class that `classification` does not have",
              suggestion(label, names_in(resource.classification)));
    detect(at, resource);
  }

  void detect(const std::string& at, const Resource& resource) {
    std::vector<std::string_view> known;
    for (const detect::Entity& one : detect::entities()) known.push_back(one.name);
    for (std::size_t i = 0; i < resource.detect.size(); ++i) {
      const std::string& wanted = resource.detect[i];
      if (detect::find_entity(wanted) == nullptr)
        error(fmt::format("{}.detect[{}]", at, i), fmt::format("is \"{}\", which nothing here can find", wanted),
              suggestion(wanted, known));
      if (std::find(resource.detect.begin(), resource.detect.begin() + std::ptrdiff_t(i), wanted) !=
          resource.detect.begin() + std::ptrdiff_t(i))
        error(fmt::format("{}.detect[{}]", at, i), fmt::format("names \"{}\" a second time", wanted), "leave it out");
    }
  }

  template <class T>
  static std::vector<std::string_view> names_in(const std::map<std::string, T>& things) {
    std::vector<std::string_view> out;
    for (const auto& [name, thing] : things) out.push_back(name);
    return out;
  }

  // A class that no resource masks is a slip of the pen: it would show less than was meant.
  void unmask(const std::string& at, const Template& task_template) {
    std::vector<std::string_view> masked;
    for (const Resource& resource : config_.resources)
      for (const std::string_view label : names_in(resource.masking)) masked.push_back(label);
    for (std::size_t i = 0; i < task_template.unmask.size(); ++i)
      if (std::find(masked.begin(), masked.end(), task_template.unmask[i]) == masked.end())
        error(fmt::format("{}.unmask[{}]", at, i),
              fmt::format("is \"{}\", which no resource has under `masking`", task_template.unmask[i]),
              suggestion(task_template.unmask[i], masked));
  }

  void masking_key() {
    if (config_.masking_key && config_.masking_key->expose().size() < masking_key_bytes_min)
      error("masking_key", fmt::format("is {} bytes long", config_.masking_key->expose().size()),
            fmt::format("use at least {}, for example `openssl rand -base64 32`", masking_key_bytes_min));
  }

  void scope(const std::string& at, const std::vector<ScopeRule>& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto rule = fmt::format("{}[{}]", at, i);
      refers(rule + ".resource", rules[i].resource, "resource", resources_);
      const auto& verbs = rules[i].verbs;
      const bool writes = contains(verbs, "UPDATE") || contains(verbs, "DELETE") || contains(verbs, "*");
      if (rules[i].where == Where::required && !writes)
        warn(rule + ".where", "is required, but neither UPDATE nor DELETE is among the verbs", "leave it out");
    }
  }

  void task_template(const std::string& at, Template& task_template) {
    for (std::size_t i = 0; i < task_template.agents.size(); ++i)
      refers(fmt::format("{}.agents[{}]", at, i), task_template.agents[i], "agent", agents_);
    scope(at + ".scope", task_template.scope);
    unmask(at, task_template);
  }

  // Either side may name the other; afterwards both do.
  void pair_agents_with_templates() {
    for (auto& agent : config_.agents)
      for (auto& task_template : config_.templates) {
        if (!contains(agent.templates, task_template.name) && !contains(task_template.agents, agent.name)) continue;
        agent.templates.push_back(task_template.name);
        task_template.agents.push_back(agent.name);
      }
    const auto tidy = [](std::vector<std::string>& words) {
      std::sort(words.begin(), words.end());
      words.erase(std::unique(words.begin(), words.end()), words.end());
    };
    for (auto& agent : config_.agents) tidy(agent.templates);
    for (auto& task_template : config_.templates) tidy(task_template.agents);
  }

  void agent_default(const std::string& at, Agent& agent) {
    if (!agent.default_template.empty() && config_.find_template(agent.default_template) &&
        !contains(agent.templates, agent.default_template))
      error(at + ".default_template", fmt::format("is \"{}\", which this agent may not start", agent.default_template),
            "add it to the agent's templates");
    if (agent.templates.empty() && !agent.name.empty())
      warn(at, fmt::format("({}) may start no template, so it can do nothing", agent.name),
           "name it in a template's agents, or list its templates");
  }

  Config& config_;
  Reading& reading_;
  const std::vector<std::string_view> issuers_, agents_, resources_, templates_;
};

}  // namespace

void check(Config& config, Reading& reading) { Checker(config, reading).run(); }

}  // namespace narrowgate::config
