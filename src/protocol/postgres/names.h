// What the client's names stand for: prepared statements and portals.
//
// A name means what the server will take it for once it has done all that was sent. What was sent may yet fail, so each name has
// a certain meaning (the server confirmed it) and an expected one (if everything on its way succeeds). An error discards the rest
// of a pipeline, so an expectation is either confirmed or falls back to what is certain: we never judge a name by a body that the
// server did not accept.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "protocol/postgres/statement.h"

namespace narrowgate::postgres {

inline constexpr std::size_t portals_max = 1'000;  // per session; a transaction keeps each until it ends

// A statement with its text, as Parse named it.
struct Prepared {
  std::string text;
  std::shared_ptr<const Statement> statement;
  std::uint64_t epoch = 0;                // of the understanding that read it; 0: read it again
  std::vector<std::uint32_t> types = {};  // of its parameters, as Parse declared them
};

// What has come of an answer that is fetched in parts: its limits are for all of it.
struct Taken {
  std::uint64_t rows = 0, bytes = 0;
};

// A prepared statement with its values, as Bind named it.
struct Portal {
  std::shared_ptr<const Prepared> prepared;
  std::shared_ptr<const Statement> statement;  // what the text meant at Bind, where the server plans it
  std::string bind;         // the Bind message's body, for records and approvals; empty if over limits::bind_bytes_recorded_max
  bool holds_mask = false;  // one of its values is a mask of ours
  mutable Taken taken = {};
};

template <class T>
class Bindings {
 public:
  using Value = std::shared_ptr<const T>;

  // The name as it will be; nullptr if there is none.
  Value find(std::string_view name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : found->second.expected;
  }
  void sent(std::string_view name, Value value) {
    Meaning& meaning = names_.try_emplace(std::string(name)).first->second;
    meaning.expected = std::move(value);
    ++meaning.pending;
  }
  void settled(std::string_view name, const Value& value, bool succeeded) {
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    Meaning& meaning = found->second;
    if (succeeded) meaning.certain = value;
    if (meaning.pending > 0) --meaning.pending;
    if (meaning.pending == 0) meaning.expected = meaning.certain;
    if (meaning.pending == 0 && !meaning.certain) names_.erase(found);
  }
  // The server forgot it, whatever it was.
  void forget(std::string_view name) {
    const auto found = names_.find(name);
    if (found != names_.end() && found->second.pending == 0) names_.erase(found);
    else if (found != names_.end()) found->second.certain = nullptr;
  }
  void forget_all() {
    for (auto it = names_.begin(); it != names_.end();) {
      it->second.certain = nullptr;
      it = it->second.pending == 0 ? names_.erase(it) : std::next(it);
    }
  }
  std::size_t size() const { return names_.size(); }

 private:
  struct Meaning {
    Value certain, expected;
    unsigned pending = 0;
  };
  std::map<std::string, Meaning, std::less<>> names_;
};

// What has come of each cursor that SQL made. A new one of the same name begins anew.
class Cursors {
 public:
  // Shared by all of `names`, since nobody knows whose rows are whose in the answer to several.
  std::shared_ptr<Taken> taken(const std::vector<std::string>& names);
  void begin(const std::string& name, Taken taken);

 private:
  std::shared_ptr<Taken> of(const std::string& name) const;
  void keep(const std::string& name, std::shared_ptr<Taken> taken);
  std::map<std::string, std::shared_ptr<Taken>, std::less<>> taken_;
};

struct Names {
  Bindings<Prepared> statements;
  Bindings<Portal> portals;
  Cursors cursors;
};

}  // namespace narrowgate::postgres
