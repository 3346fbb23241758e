// Facts about a grant and about an approver: everything outside the operation that policies may look at. Values, passed in.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/clock.h"

namespace narrowgate::policy {

// Objects by pattern: "*" is every schema or every name; no columns is every column. What grants leaves the system's schemas out
// of "*", what restricts does not.
struct ScopePart {
  std::string verb;  // "*": every verb
  std::string schema, name;
  std::set<std::string> columns;
};
struct Classified {
  std::string label;  // "pii"
  std::string schema, name;
  std::set<std::string> columns;
  bool masked = false;  // its values leave masked
};

struct GrantFacts {
  std::string task;  // tsk_…
  std::string task_template;
  std::string agent, issuer, subject;
  int assurance = 1;                // 1 bearer, 2 sender-constrained, 3 attested
  std::string owner, on_behalf_of;  // people; on_behalf_of may be empty
  std::vector<std::string> agent_groups;
  bool suspended = false;
  bool break_glass = false;
  WallTime expires{};

  std::string resource;  // its configured name
  std::string environment;
  std::vector<std::string> approvers;  // groups asked where a policy names none
  std::vector<Classified> classified;
  std::set<std::string> unmask;  // labels that the template shows as they are

  std::vector<ScopePart> scope;          // the task's, on this resource
  std::vector<ScopePart> asked_objects;  // what a person is asked about each time: the template's `auto: false`
};

// A person about to decide on a held operation, and the operation's people.
struct ApproverFacts {
  std::string name, email;
  std::vector<std::string> groups;
  bool approver = false;  // has the role
  bool phishing_resistant = false;
};
struct HeldFacts {
  std::string approval, task, task_template;
  std::string agent, owner, on_behalf_of;  // a person's name or e-mail address
  std::vector<std::string> groups;         // who may decide; none: nobody
  bool break_glass = false;
};

}  // namespace narrowgate::policy
