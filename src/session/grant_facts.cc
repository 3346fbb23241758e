#include "session/grant_facts.h"

namespace narrowgate::session {
namespace {

grant::Scope scope_of(const std::vector<config::ScopeRule>& rules) {
  std::vector<grant::Atom> atoms;
  for (const config::ScopeRule& rule : rules)
    for (grant::Atom& atom : config::atoms_of(rule)) atoms.push_back(std::move(atom));
  return grant::Scope(std::move(atoms));
}

std::uint64_t stricter(std::uint64_t a, std::uint64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

bool changes_rows(const Effect& effect) {
  return effect.verb == "INSERT" || effect.verb == "UPDATE" || effect.verb == "DELETE" || effect.verb == "TRUNCATE";
}

// The limits of one atom, as what will be enforced while the whole operation runs: the strictest of all its effects'.
void narrow(Enforced& enforced, const grant::Limits& limits, const Effect& effect) {
  if (limits.rows_read && !changes_rows(effect)) enforced.rows_read_max = stricter(enforced.rows_read_max, *limits.rows_read);
  if (limits.rows_written && changes_rows(effect))
    enforced.rows_written_max = stricter(enforced.rows_written_max, *limits.rows_written);
  if (limits.bytes) enforced.bytes_max = stricter(enforced.bytes_max, *limits.bytes);
  if (limits.statement)
    enforced.statement_max =
        enforced.statement_max.count() == 0 ? *limits.statement : std::min(enforced.statement_max, *limits.statement);
}

}  // namespace

Result<grant::Task> declared_task(const config::Agent& configured, const config::Template& task_template,
                                  const identity::Agent& identity, WallTime now) {
  const grant::Scope ceiling = scope_of(task_template.scope);
  const grant::Scope agent_ceiling = configured.ceiling ? scope_of(*configured.ceiling) : grant::Scope();
  NG_TRY(grant::Effective effective, grant::effective({.declared = nullptr,
                                                       .ceiling = &ceiling,
                                                       .agent_ceiling = configured.ceiling ? &agent_ceiling : nullptr,
                                                       .parent = nullptr,
                                                       .template_duration = task_template.duration,
                                                       .now = now}));
  grant::Task task;
  task.agent = identity.name;
  task.owner = identity.owner;
  task.on_behalf_of = identity.on_behalf_of;
  task.template_name = task_template.name;
  task.scope = std::move(effective.scope);
  task.created = now;
  task.not_after = effective.not_after;
  task.state = grant::TaskState::active;
  return task;
}

policy::GrantFacts facts_for(const grant::Task& task, const identity::Agent& agent, const config::Resource& resource,
                             const config::Template& task_template) {
  policy::GrantFacts facts;
  facts.task = task.id;
  facts.agent = agent.name;
  facts.issuer = agent.issuer;
  facts.subject = agent.subject;
  facts.assurance = int(agent.assurance);
  facts.owner = agent.owner;
  facts.on_behalf_of = agent.on_behalf_of;
  facts.task_template = task.template_name;
  facts.resource = resource.name;
  facts.environment = resource.environment;
  facts.expires = task.not_after;
  const grant::Scope here = task.scope.on(resource.name);
  for (const grant::Atom& atom : here.atoms())
    facts.scope.push_back({atom.verb, atom.object.schema, atom.object.name, atom.object.columns});
  for (const auto& [label, patterns] : resource.classification)
    for (const grant::ObjectPattern& pattern : patterns)
      facts.classified.push_back({label, pattern.schema, pattern.name, pattern.columns, resource.masking.contains(label)});
  facts.unmask = {task_template.unmask.begin(), task_template.unmask.end()};
  for (const config::ScopeRule& rule : task_template.scope)
    if (rule.resource == resource.name && !rule.automatic)
      for (const grant::Atom& atom : config::atoms_of(rule))
        facts.asked_objects.push_back({atom.verb, atom.object.schema, atom.object.name, atom.object.columns});
  facts.approvers = resource.approvers;
  return facts;
}

Covered cover(const grant::Scope& scope, const std::string& resource, const Operation& operation) {
  Covered out;
  for (const Effect& effect : operation.effects) {
    // No scope names them; policy judges.
    if (effect.catalog || effect.kind == ObjectKind::setting || effect.verb == "UNMASK") continue;
    const auto limits = scope.covers(resource, effect, operation.has_where);
    if (!limits) {
      out.outside = effect;
      return out;
    }
    narrow(out.enforced, *limits, effect);
  }
  return out;
}

}  // namespace narrowgate::session
