// One text while it is being read: the session as its next statement will find it.
//
// A text of several statements changes its own session as it goes. What cannot be followed (a ROLLBACK after a SET, a rule made
// and fired in one text) poisons the rest: later statements are not understood.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/sql/reach.h"
#include "protocol/postgres/sql/session_state.h"

namespace narrowgate::postgres {

inline constexpr int bodies_read_max = 2'000;  // views, functions, triggers, … that one text may lead to
inline constexpr int body_depth_max = 12;      // and how deep they may nest; each level costs stack

// A relation made earlier in the same text.
struct Made {
  bool view = false;
  std::string text;
};

class TextState {
 public:
  explicit TextState(const SessionState& session) : session_(session) {}

  const SessionState& session() const { return own_ ? *own_ : session_; }
  void apply(const StatementFacts& facts);

  void make(std::string full_name, Made made) { made_.insert_or_assign(std::move(full_name), std::move(made)); }
  const Made* made(const std::string& full_name) const {
    const auto found = made_.find(full_name);
    return found == made_.end() ? nullptr : &found->second;
  }
  void make(std::unique_ptr<Function> function) { functions_.push_back(std::move(function)); }
  const std::vector<std::unique_ptr<Function>>& functions() const { return functions_; }

  void poison(std::string_view why) {
    if (!poison_) poison_ = why;
  }
  const std::optional<std::string>& poisoned() const { return poison_; }

  // May what was found be kept with the catalog? Not if it rests on something of this session alone.
  bool nothing_of_its_own() const { return made_.empty() && functions_.empty() && !session().has_temp_relations(); }

  // ---- shared by all walks over this text
  bool rests_on_names = false, numbers_matter = false;
  std::vector<std::string> constants;  // texts in it, if anything leaves masked
  int bodies_read = 0;
  bool cycle_cut = false;
  std::set<std::string> reading;  // bodies now being read, so that recursion ends
  std::set<Oid> types_seen;       // users' types that values of this statement or body have
  bool types_known = true;        // false: in an expression whose columns nobody has looked up
  std::unordered_map<std::string, std::shared_ptr<const Reach>> findings;
  std::map<Oid, Lineage> lineages;  // of views

 private:
  const SessionState& session_;
  std::optional<SessionState> own_;
  std::map<std::string, Made> made_;
  std::vector<std::unique_ptr<Function>> functions_;
  std::optional<std::string> poison_;
  bool changed_ = false, changed_locally_ = false;
};

}  // namespace narrowgate::postgres
