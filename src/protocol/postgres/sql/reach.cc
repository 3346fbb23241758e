#include "protocol/postgres/sql/reach.h"

namespace narrowgate::postgres {

void Reach::raise(Danger danger, std::string_view why) {
  if (danger < danger_ || (danger == danger_ && !why_.empty())) return;
  danger_ = danger;
  why_ = why;
}

Touched& Reach::touch(std::string_view verb, std::string_view object, ObjectKind kind) {
  if (touched_.size() >= effects_max) not_understood("it touches too many objects to decide on: split it up");
  return touched_[Key{verb, kind, std::string(object)}];
}

void Reach::add(const Reach& other) {
  raise(other.danger_, other.why_);
  for (const auto& [key, theirs] : other.touched_) {
    Touched& ours = touch(key.verb, key.object, key.kind);
    // A body that names no column of it needs all of it, whatever others name.
    ours.whole = ours.whole || theirs.whole || theirs.columns.empty();
    ours.columns.insert(theirs.columns.begin(), theirs.columns.end());
    ours.system = theirs.system;
    ours.sensitive = ours.sensitive || theirs.sensitive;
  }
  reads_.insert(other.reads_.begin(), other.reads_.end());
  writes_.insert(other.writes_.begin(), other.writes_.end());
  relations_.insert(other.relations_.begin(), other.relations_.end());
  functions_.insert(other.functions_.begin(), other.functions_.end());
  changes_.insert(changes_.end(), other.changes_.begin(), other.changes_.end());
  has_where_ = has_where_ && other.has_where_;
}

void Reach::add_body(const Reach& other) {
  const bool had_where = has_where_;
  const std::size_t had = changes_.size();
  add(other);
  has_where_ = had_where;  // what a function changes, its own WHERE clauses do not tell
  for (std::size_t i = had; i < changes_.size(); ++i)
    if (changes_[i].what == Change::What::setting) changes_[i] = {Change::What::forget_settings};
}

Operation Reach::operation() const {
  Operation out;
  out.danger = danger_;
  out.classified = understood();
  out.has_where = has_where_;
  out.why = why_;
  for (const auto& [key, touched] : touched_) {
    Effect effect{std::string(key.verb), key.kind, key.object, {}, touched.system && !touched.sensitive};
    if (!touched.whole) effect.columns.assign(touched.columns.begin(), touched.columns.end());
    out.effects.push_back(std::move(effect));
  }
  return out;
}

}  // namespace narrowgate::postgres
