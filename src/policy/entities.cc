#include "policy/entities.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace narrowgate::policy {
namespace {

constexpr std::string_view never = "9999-12-31T23:59:59.999Z";  // where nobody asks when a task ends

json::object named(std::string_view type, std::string_view id) { return {{"type", type}, {"id", id}}; }
json::object reference(std::string_view type, std::string_view id) { return {{"__entity", named(type, id)}}; }
json::object instant(std::string_view rfc3339) { return {{"__extn", {{"fn", "datetime"}, {"arg", rfc3339}}}}; }

json::array all_named(std::string_view type, const std::vector<std::string>& ids) {
  json::array out;
  for (const auto& id : ids) out.push_back(named(type, id));
  return out;
}

json::object entity(std::string_view type, std::string_view id, json::object attributes, json::array parents) {
  return {{"uid", named(type, id)}, {"attrs", std::move(attributes)}, {"parents", std::move(parents)}};
}

struct Person {
  std::string name, email;
  std::vector<std::string> groups;
  bool approver = false, phishing_resistant = false;
};

// People by name, each once.
class People {
 public:
  void add(Person person) {
    if (person.name.empty()) return;
    const auto known = [&](const Person& other) { return other.name == person.name; };
    if (std::none_of(all_.begin(), all_.end(), known)) all_.push_back(std::move(person));
  }
  void write(json::array& out) const {
    for (const auto& person : all_) {
      json::object attributes{{"approver", person.approver}, {"phishingResistantMfa", person.phishing_resistant}};
      if (!person.email.empty()) attributes["email"] = person.email;
      out.push_back(
          entity(cedar::type::human, person.name, std::move(attributes), all_named(cedar::type::human_group, person.groups)));
    }
  }

 private:
  std::vector<Person> all_;
};

struct AgentFacts {
  const std::string& name;
  std::string issuer, subject, owner;
  int assurance = 1;
  bool suspended = false;
  std::vector<std::string> groups;
};
json::object agent_entity(const AgentFacts& agent) {
  return entity(cedar::type::agent, agent.name,
                {{"issuer", agent.issuer},
                 {"subject", agent.subject},
                 {"assurance", agent.assurance},
                 {"owner", reference(cedar::type::human, agent.owner)},
                 {"namesake", reference(cedar::type::human, agent.name)},
                 {"suspended", agent.suspended}},
                all_named(cedar::type::agent_group, agent.groups));
}

struct TaskFacts {
  const std::string& id;
  const std::string& agent;
  const std::string& task_template;
  std::string on_behalf_of, expires;
  bool break_glass = false;
  json::array databases;
};
json::object task_entity(TaskFacts task) {
  json::object attributes{{"agent", reference(cedar::type::agent, task.agent)},
                          {"expiresAt", instant(task.expires)},
                          {"breakGlass", task.break_glass},
                          {"databases", std::move(task.databases)},
                          {"clusters", json::array()},
                          {"accounts", json::array()},
                          {"namespaces", json::array()},
                          {"aws", json::array()}};
  if (!task.on_behalf_of.empty()) attributes["onBehalfOf"] = reference(cedar::type::human, task.on_behalf_of);
  return entity(cedar::type::task, task.id, std::move(attributes),
                {named(cedar::type::agent, task.agent), named(cedar::type::task_template, task.task_template)});
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }
bool same_address(std::string_view a, std::string_view b) {
  return !a.empty() && std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// Somebody named by e-mail address is the approver, if it is the approver's own.
std::string by_name(const std::string& somebody, const ApproverFacts& person) {
  return same_address(somebody, person.email) ? person.name : somebody;
}

}  // namespace

std::string entities_json(const GrantFacts& facts) {
  People people;
  for (const auto& name : {facts.owner, facts.on_behalf_of, facts.agent}) people.add({.name = name, .email = {}, .groups = {}});
  json::array out;
  people.write(out);
  out.push_back(agent_entity(
      {facts.agent, facts.issuer, facts.subject, facts.owner, facts.assurance, facts.suspended, facts.agent_groups}));
  out.push_back(task_entity({facts.task,
                             facts.agent,
                             facts.task_template,
                             facts.on_behalf_of,
                             to_rfc3339(facts.expires),
                             facts.break_glass,
                             {reference(cedar::type::database, facts.resource)}}));
  out.push_back(entity(cedar::type::database, facts.resource, {}, {named(cedar::type::environment, facts.environment)}));
  return json::serialize(out);
}

std::string entities_json(const ApproverFacts& person, const HeldFacts& held) {
  const auto owner = by_name(held.owner, person), on_behalf_of = by_name(held.on_behalf_of, person);
  People people;
  people.add({person.name, person.email, person.groups, person.approver, person.phishing_resistant});
  for (const auto& name : {owner, on_behalf_of, held.agent}) people.add({.name = name, .email = {}, .groups = {}});
  json::array groups;
  for (const auto& group : held.groups) groups.push_back(reference(cedar::type::human_group, group));
  json::array out;
  people.write(out);
  out.push_back(agent_entity({.name = held.agent, .issuer = {}, .subject = {}, .owner = owner, .groups = {}}));
  out.push_back(task_entity({held.task, held.agent, held.task_template, on_behalf_of, std::string(never), held.break_glass, {}}));
  out.push_back(entity(cedar::type::approval, held.approval,
                       {{"task", reference(cedar::type::task, held.task)},
                        {"requestedBy", reference(cedar::type::agent, held.agent)},
                        {"groups", std::move(groups)},
                        {"breakGlass", held.break_glass}},
                       {}));
  return json::serialize(out);
}

}  // namespace narrowgate::policy
