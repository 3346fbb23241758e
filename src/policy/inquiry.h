// Inquiry: one operation under one slice. Asks every question as things are, and where that is not permitted as if people had
// agreed (security-model §5.5), and makes one verdict of the answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/effects.h"
#include "policy/engine.h"
#include "policy/library.h"

namespace narrowgate::policy {

struct Slice::Parts {
  std::shared_ptr<const Library> library;
  GrantFacts facts;
  cedar::Uid task;
  cedar::Entities base;          // null with `policies`, if there is a fault
  cedar::Policies policies;
  std::string fault;             // why nothing can be decided
};

// The answer to one question.
struct Finding {
  Verdict::Kind kind = Verdict::Kind::deny;
  unsigned quorum = 0;                   // of a hold: the fewest people that would do
  cedar::Answer now;                     // as things are
  std::vector<std::uint32_t> agreed;     // of a hold: what would permit it
  std::vector<std::string> errors;       // in either
};

class Inquiry {
 public:
  // All outlive it. `agreed` as the policies shall see it; nullopt: nobody was asked yet.
  Inquiry(const Slice::Parts& parts, const Questions& questions, cedar::Context context, WallTime now,
          const std::optional<ApprovalFacts>& agreed);

  Verdict decide() const;
  Explanation explain() const;

 private:
  cedar::Context context_for(const Question& question, const std::optional<cedar::Agreement>& approval) const;
  cedar::Agreement supposed(unsigned quorum) const;
  cedar::Ask ask(const Question& question) const;
  cedar::Answer answer(const Question& question, const std::optional<cedar::Agreement>& approval) const;
  Finding find(const Question& question) const;
  Verdict combine(const std::vector<const Question*>& questions, const std::vector<Finding>& findings) const;
  Verdict deny(const std::vector<const Question*>& questions, const std::vector<Finding>& findings) const;
  Verdict hold(const std::vector<const Question*>& questions, const std::vector<Finding>& findings) const;
  Verdict refuse(std::string error) const;
  void route(const Finding& finding, Verdict& verdict) const;
  DenialCode code_for(const Question& question) const;

  const Slice::Parts& parts_;
  const Questions& questions_;
  cedar::Context context_;
  const WallTime now_;
  std::optional<cedar::Agreement> agreed_;
  cedar::Entities entities_;
  std::string fault_;
};

}  // namespace narrowgate::policy
