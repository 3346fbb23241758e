// Cedar as C++ values: owners for the handles of ffi/, and a request with the context that our schema wants.
//
// Everything here is the schema's shape (schema.cedarschema) and nothing else knows it: types, attribute names, "no limit".
#pragma once

#include <narrowgate_ffi.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "policy/decision.h"

namespace narrowgate::policy::cedar {

inline ng_str borrow(std::string_view text) { return {text.data(), text.size()}; }

// What ffi/ wrote for us.
class Text {
 public:
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { ng_text_free(&text_); }
  ng_text* out() { return &text_; }
  std::string_view view() const { return {text_.data, text_.size}; }
  std::string str() const { return text_.data == nullptr ? std::string() : std::string(view()); }

 private:
  ng_text text_{};
};

struct Free {
  void operator()(ng_cedar_set* set) const { ng_cedar_set_free(set); }
  void operator()(ng_cedar_entities* entities) const { ng_cedar_entities_free(entities); }
  void operator()(ng_cedar_slice* slice) const { ng_cedar_slice_free(slice); }
  void operator()(ng_cedar_context* context) const { ng_cedar_context_free(context); }
};
using Set = std::unique_ptr<ng_cedar_set, Free>;
using Entities = std::unique_ptr<ng_cedar_entities, Free>;
using Policies = std::unique_ptr<ng_cedar_slice, Free>;
using Circumstances = std::unique_ptr<ng_cedar_context, Free>;  // a Context, told to Cedar

// Entity types of the schema.
namespace type {
inline constexpr std::string_view task = "Narrowgate::Task", human = "Narrowgate::Human", approval = "Narrowgate::Approval",
                                  agent = "Narrowgate::Agent", environment = "Narrowgate::Environment",
                                  task_template = "Narrowgate::TaskTemplate", agent_group = "Narrowgate::AgentGroup",
                                  human_group = "Narrowgate::HumanGroup", classification = "Narrowgate::Classification",
                                  database = "Narrowgate::Database", schema = "Narrowgate::Schema", table = "Narrowgate::Table",
                                  column = "Narrowgate::Column", function = "Narrowgate::Function",
                                  setting = "Narrowgate::Setting";
}  // namespace type

struct Uid {
  std::string_view type;  // of namespace type
  std::string id;
  friend auto operator<=>(const Uid&, const Uid&) = default;
};
inline ng_cedar_uid borrow(const Uid& uid) { return {borrow(uid.type), borrow(uid.id)}; }

// An entity made for one decision.
struct Object {
  Uid uid;
  std::vector<Uid> parents;
};

struct Agreement {  // OpCtx.approval
  bool digest_matches = true;
  std::vector<Uid> approvers;
  unsigned quorum = 0;
  std::string expires;  // RFC 3339
};
struct Context {  // OpCtx
  std::string now, verb;
  std::string_view danger;
  bool classified = false, in_scope = false, automatic = false, catalog = false, has_where = false, masked = false;
  Enforced enforced;
  std::optional<Agreement> approval;
};

struct Answer {
  bool permitted = false;
  std::vector<std::uint32_t> reasons;  // places in Library::policies
  std::vector<std::string> errors;     // any of them denies
};

Result<Entities> entities_from(const ng_cedar_set& set, std::string_view json);
Result<Entities> entities_with(const ng_cedar_set& set, const ng_cedar_entities& base, std::span<const Object> objects);
Result<Policies> policies_for(const ng_cedar_set& set, const ng_cedar_entities& entities, const Uid& principal,
                              std::span<const std::string_view> actions);

Result<Circumstances> tell(const ng_cedar_set& set, const Context& context);
Result<Circumstances> tell_time(const ng_cedar_set& set, const std::string& now);  // all that approval.decide wants

// A request of the given shape, asked or explained. All borrowed for the call.
struct Ask {
  const ng_cedar_slice& policies;
  const ng_cedar_entities& entities;
  const Uid& principal;
  std::string_view action;
  const Uid& resource;
  const ng_cedar_context& context;
};
Answer evaluate(const Ask& ask);
Result<std::string> explain(const Ask& ask);  // ng_cedar_explain's JSON

}  // namespace narrowgate::policy::cedar
