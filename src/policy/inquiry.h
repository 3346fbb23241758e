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
  cedar::Entities base;  // null with `policies`, if there is a fault
  cedar::Policies policies;
  std::string fault;  // why nothing can be decided
};

// The answer to one question.
struct Finding {
  Verdict::Kind kind = Verdict::Kind::deny;
  unsigned quorum = 0;                // of a hold: the fewest people that would do
  cedar::Answer now;                  // as things are
  std::vector<std::uint32_t> agreed;  // of a hold: what would permit it
  std::vector<std::string> errors;    // in either
};

class Inquiry {
 public:
  // All outlive it. `agreed` as the policies shall see it; nullopt: nobody was asked yet.
  Inquiry(const Slice::Parts& parts, const Questions& questions, cedar::Context context, WallTime now,
          const std::optional<ApprovalFacts>& agreed);

  Verdict decide() const;
  Explanation explain() const;

 private:
  // What differs between the contexts of one inquiry: the question, and how many people are supposed to have agreed. 0: as it is.
  struct Told {
    std::string_view verb;
    bool in_scope, automatic, catalog, masked;
    unsigned people;
    cedar::Circumstances context;
  };
  Result<const ng_cedar_context*> tell(const Question& question, unsigned people) const;
  std::optional<cedar::Agreement> agreement(unsigned people) const;
  cedar::Ask ask(const Question& question, const ng_cedar_context& context) const;
  cedar::Answer answer(const Question& question, unsigned people) const;
  ExplainedEffect explain(const Question& question) const;
  Finding find(const Question& question) const;
  Verdict decide(const std::vector<const Question*>& questions) const;
  Verdict permit(const std::vector<Finding>& findings) const;
  Verdict deny(const Question& question, const Finding& finding) const;
  Verdict hold(const std::vector<const Question*>& questions, const std::vector<Finding>& findings) const;
  Verdict refuse(std::string error) const;
  void route(const Finding& finding, Verdict& verdict) const;
  DenialCode code_for(const Question& question) const;

  const Slice::Parts& parts_;
  const Questions& questions_;
  cedar::Context context_;
  const WallTime now_;
  std::optional<cedar::Agreement> agreed_;
  cedar::Entities entities_;  // null if the slice's own are enough
  std::string fault_;
  mutable std::vector<Told> told_;
};

}  // namespace narrowgate::policy
