// What Cedar is told of a grant, once, and of an approver: entities as JSON, held to the schema.
#pragma once

#include <string>

#include "policy/cedar.h"
#include "policy/facts.h"

namespace narrowgate::policy {

std::string entities_json(const GrantFacts& facts);
std::string entities_json(const ApproverFacts& person, const HeldFacts& held);

inline cedar::Uid task_uid(const GrantFacts& facts) { return {cedar::type::task, facts.task}; }
inline cedar::Uid human_uid(const ApproverFacts& person) { return {cedar::type::human, person.name}; }
inline cedar::Uid approval_uid(const HeldFacts& held) { return {cedar::type::approval, held.approval}; }

}  // namespace narrowgate::policy
