// narrowgate policy: what the policies say, asked of the files; needs no running gateway.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "base/id.h"
#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"
#include "policy/load.h"
#include "session/grant_facts.h"

namespace narrowgate::cli {
namespace {

struct Options {
  Where where;
  std::string folder, agent, task_template, resource, verb, object, columns;
  bool where_clause = false;
  std::uint64_t rows = 0;
};

Error wrong(std::string detail) { return {Code::malformed, Blame::client, std::move(detail)}; }

std::string upper(std::string text) {
  for (char& c : text) c = char(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const auto to = std::min(text.find(by, from), text.size());
    if (to > from) out.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

// The folder named, or that of the configuration, or the built-in ones.
Result<policy::Loaded> loaded(const Options& options) {
  if (!options.folder.empty()) return policy::load_folder(options.folder);
  const Result<config::Config> config = load_config(options.where);
  if (config.ok()) return policy::load_configured(config->policies);
  if (options.where.config.empty() && config.error().code == Code::not_found) return policy::load_defaults();
  return config.error();
}

Result<std::shared_ptr<const policy::PolicySet>> policies(const Options& options) {
  NG_TRY(const policy::Loaded found, loaded(options));
  if (!found.set) return wrong("the policies have errors:\n" + policy::to_string(found.errors));
  return found.set;
}

json::array complaints(const std::vector<policy::Complaint>& all) {
  json::array out;
  for (const policy::Complaint& one : all)
    out.push_back({{"file", one.file},
                   {"line", one.line},
                   {"column", one.column},
                   {"policy", one.policy},
                   {"fault", one.fault},
                   {"remedy", one.remedy}});
  return out;
}

Result<int> check(const Options& options) {
  NG_TRY(const policy::Loaded found, loaded(options));
  if (options.where.json) {
    json::object out{
        {"ok", found.set != nullptr}, {"errors", complaints(found.errors)}, {"warnings", complaints(found.warnings)}};
    if (found.set) out["version"] = found.set->version(), out["policies"] = found.set->policies().size();
    return print_json(out), found.set ? 0 : 1;
  }
  for (const policy::Complaint& warning : found.warnings) print_line("warning: " + policy::to_string(warning));
  if (!found.set) return wrong("the policies have errors:\n" + policy::to_string(found.errors));
  print_line(fmt::format("{} policies, version {}", found.set->policies().size(), found.set->version()));
  return 0;
}

Result<int> copy(const Options& options) {
  const auto fault = [&](const std::string& what) {
    return wrong(fmt::format("{}: {}; name a folder that is not there yet", options.folder, what));
  };
  std::error_code error;
  if (!std::filesystem::create_directory(options.folder, error)) return fault(error ? error.message() : "it exists already");
  for (const policy::Source& source : policy::default_sources()) {
    std::ofstream file(std::filesystem::path(options.folder) / source.name);
    file << source.text << std::flush;
    if (!file) return fault(fmt::format("{} cannot be written", source.name));
  }
  print_line(fmt::format("wrote {} files to {}; say \"policies: {}\" in the configuration to use them",
                         policy::default_sources().size(), options.folder, options.folder));
  return 0;
}

Result<int> list(const Options& options) {
  NG_TRY(const auto set, policies(options));
  json::array out;
  std::vector<std::vector<std::string>> rows;
  for (const policy::PolicyInfo& one : set->policies()) {
    const char* effect = one.effect == policy::PolicyEffect::permit ? "permit" : "forbid";
    json::object annotations;
    for (const auto& [name, value] : one.annotations) annotations[name] = value;
    out.push_back({{"id", one.id},
                   {"effect", effect},
                   {"file", one.file},
                   {"line", one.line},
                   {"quorum", one.quorum},
                   {"actions", json::array(one.actions.begin(), one.actions.end())},
                   {"annotations", annotations},
                   {"text", one.text}});
    rows.push_back({one.id, effect, one.quorum == 0 ? "" : std::to_string(one.quorum), fmt::format("{}:{}", one.file, one.line)});
  }
  if (options.where.json) print_json(json::object{{"version", set->version()}, {"policies", out}});
  else print_table({"POLICY", "EFFECT", "PEOPLE", "FILE"}, rows, "no policies");
  return 0;
}

// ---- explain

// A task as a connection would declare it, with nobody connected.
struct Supposed {
  grant::Task task;
  std::shared_ptr<const policy::Slice> slice;
  Operation operation;
  Enforced enforced;
  std::optional<Effect> outside;
};

Danger danger_of(const std::string& verb) {
  static constexpr std::array<std::string_view, 2> reads{"SELECT", "COPY"};
  if (std::find(reads.begin(), reads.end(), verb) != reads.end()) return Danger::read;
  if (verb == "SET") return Danger::session;
  if (verb == "DDL") return Danger::ddl;
  return verb == "PRIVILEGE" ? Danger::admin : Danger::write;
}

Operation operation_of(const Options& options) {
  Effect effect;
  effect.verb = upper(options.verb);
  effect.object = options.object;
  effect.columns = split(options.columns, ',');
  std::sort(effect.columns.begin(), effect.columns.end());
  if (effect.verb == "CALL") effect.kind = ObjectKind::function;
  if (effect.verb == "SET") effect.kind = ObjectKind::setting;
  Operation operation;
  operation.danger = danger_of(effect.verb);
  operation.classified = true;
  operation.has_where = options.where_clause;
  operation.effects = {std::move(effect)};
  return operation;
}

Result<grant::Task> task_for(const config::Config& config, const Options& options, const identity::Agent& identity,
                             WallTime now) {
  const config::Agent* agent = config.agent(options.agent);
  if (agent == nullptr) return wrong(fmt::format("agent \"{}\" is not in the configuration", options.agent));
  const config::Template* task_template = config.find_template(options.task_template);
  if (task_template == nullptr || !std::binary_search(agent->templates.begin(), agent->templates.end(), options.task_template))
    return wrong(fmt::format("agent {} has no template \"{}\"; its templates: {}", options.agent, options.task_template,
                             fmt::join(agent->templates, ", ")));
  NG_TRY(grant::Task task, session::declared_task(*agent, *task_template, identity, now));
  task.id = new_id(IdKind::task, now);
  return task;
}

Result<Supposed> suppose(const Options& options, WallTime now) {
  NG_TRY(const config::Config config, load_config(options.where));
  NG_TRY(const auto set, policies(options));
  identity::Agent identity;
  identity.name = options.agent;
  identity.issuer = "narrowgate";
  if (const config::Agent* agent = config.agent(options.agent)) identity.owner = agent->owner;
  Supposed out;
  NG_TRY(out.task, task_for(config, options, identity, now));
  const config::Resource* resource = config.resource(options.resource);
  if (resource == nullptr) return wrong(fmt::format("resource \"{}\" is not in the configuration", options.resource));
  out.operation = operation_of(options);
  session::Covered covered = session::cover(out.task.scope, resource->name, out.operation);
  out.outside = std::move(covered.outside);
  out.enforced = covered.enforced;
  auto& rows = out.operation.danger == Danger::read ? out.enforced.rows_read_max : out.enforced.rows_written_max;
  if (options.rows != 0) rows = options.rows;
  out.slice = set->slice(session::facts_for(out.task, identity, *resource, *config.find_template(options.task_template)));
  return out;
}

const char* word(policy::Explained::Applies applies) {
  switch (applies) {
    case policy::Explained::Applies::no: return "does not apply";
    case policy::Explained::Applies::yes: return "applies";
    case policy::Explained::Applies::error: return "fails";
  }
  return "fails";
}

json::object verdict_json(const policy::Verdict& verdict) {
  json::object out{{"verdict", policy::to_string(verdict.kind)},
                   {"policies", json::array(verdict.policies.begin(), verdict.policies.end())}};
  if (verdict.kind == policy::Verdict::Kind::deny) out["code"] = to_string(verdict.code);
  if (verdict.kind == policy::Verdict::Kind::hold)
    out["quorum"] = verdict.quorum, out["groups"] = json::array(verdict.groups.begin(), verdict.groups.end());
  if (!verdict.reason.empty()) out["reason"] = verdict.reason;
  if (!verdict.advice.empty()) out["advice"] = verdict.advice;
  if (!verdict.errors.empty()) out["errors"] = json::array(verdict.errors.begin(), verdict.errors.end());
  return out;
}

json::object explanation_json(const Supposed& supposed, const policy::Explanation& explained) {
  json::array effects;
  for (const policy::ExplainedEffect& one : explained.effects) {
    json::array all;
    for (const policy::Explained& each : one.policies) {
      json::object said{{"policy", each.policy},
                        {"effect", each.effect == policy::PolicyEffect::permit ? "permit" : "forbid"},
                        {"applies", word(each.applies)}};
      if (!each.error.empty()) said["error"] = each.error;
      all.push_back(std::move(said));
    }
    json::object effect = verdict_json(one.verdict);
    effect["action"] = one.action, effect["on"] = one.resource, effect["each"] = std::move(all);
    effects.push_back(std::move(effect));
  }
  json::object out = verdict_json(explained.verdict);
  out["in_scope"] = !supposed.outside;
  out["effects"] = std::move(effects);
  return out;
}

std::string in_words(const policy::Verdict& verdict) {
  std::string out = upper(std::string(policy::to_string(verdict.kind)));
  if (verdict.kind == policy::Verdict::Kind::hold)
    out += fmt::format(" for {} of {}", verdict.quorum,
                       verdict.groups.empty() ? "nobody" : fmt::format("{}", fmt::join(verdict.groups, ", ")));
  if (verdict.kind == policy::Verdict::Kind::deny) out += fmt::format(" {}", to_string(verdict.code));
  if (!verdict.policies.empty()) out += fmt::format("  by {}", fmt::join(verdict.policies, ", "));
  if (!verdict.reason.empty()) out += "  because " + verdict.reason;
  if (!verdict.advice.empty()) out += "  " + verdict.advice;
  for (const std::string& error : verdict.errors) out += "\n  error: " + error;
  return out;
}

void print_explanation(const Supposed& supposed, const policy::Explanation& explained) {
  if (supposed.outside)
    print_line(fmt::format(
        "DENY scope_denied: the template leaves no {} on {} to this agent; policies are not even asked. They would say:",
        supposed.outside->verb, supposed.outside->object));
  print_line(in_words(explained.verdict));
  for (const policy::ExplainedEffect& one : explained.effects) {
    print_line(fmt::format("\n{} on {}: {}", one.action, one.resource, in_words(one.verdict)));
    std::vector<std::vector<std::string>> rows;
    for (const policy::Explained& each : one.policies)
      rows.push_back({"  " + each.policy, each.effect == policy::PolicyEffect::permit ? "permit" : "forbid",
                      each.error.empty() ? word(each.applies) : each.error});
    print_table({"  POLICY", "EFFECT", "HERE"}, rows, "  no policy speaks of this action, and what nobody permits is denied");
  }
}

Result<int> explain(const Options& options) {
  const WallTime now = SystemClock().wall();
  NG_TRY(const Supposed supposed, suppose(options, now));
  const policy::Explanation explained = supposed.slice->explain(supposed.operation, supposed.enforced, now);
  if (options.where.json) print_json(explanation_json(supposed, explained));
  else print_explanation(supposed, explained);
  return 0;
}

}  // namespace

void add_policy(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* policy = app.add_subcommand("policy", "Check policies and ask them");
  policy->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, auto action) {
    CLI::App* command = policy->add_subcommand(name, about);
    options->where.add_to(*command);
    command->callback([=, &chosen] { chosen.run = [=] { return action(*options); }; });
    return command;
  };
  add("check", "Load them and print every complaint", check)
      ->add_option("folder", options->folder, "of *.cedar files (else the configuration's, else the built-in ones)");
  CLI::App* copies = policy->add_subcommand("copy", "Write the built-in ones into a new folder, to change them");
  copies->add_option("folder", options->folder, "where")->required();
  copies->callback([=, &chosen] { chosen.run = [=] { return copy(*options); }; });
  add("list", "All of them", list)->add_option("--policies", options->folder, "a folder of *.cedar files");
  CLI::App* explains = add("explain", "What each policy says to one operation", explain);
  explains->add_option("--agent", options->agent, "who")->required();
  explains->add_option("--template", options->task_template, "for which kind of task")->required();
  explains->add_option("--resource", options->resource, "where")->required();
  explains->add_option("--verb", options->verb, "SELECT, INSERT, UPDATE, DELETE, …")->required();
  explains->add_option("--object", options->object, "public.refunds")->required();
  explains->add_option("--columns", options->columns, "state,note; all if left out");
  explains->add_flag("--where", options->where_clause, "the statement has a WHERE clause");
  explains->add_option("--rows", options->rows, "a ceiling of rows other than the template's");
  explains->add_option("--policies", options->folder, "a folder of *.cedar files to ask instead");
  policy->add_subcommand("schema", "Print the Cedar schema")->callback([&chosen] {
    chosen.run = []() -> Result<int> { return print_line(std::string(policy::schema_text())), 0; };
  });
}

}  // namespace narrowgate::cli
