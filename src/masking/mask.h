// What leaves in the place of a value that must not leave as it is.
//
//   null     nothing at all
//   fixed    "[masked]"
//   partial  "****6789": the last four characters of a value long enough for that
//   token    "tok_…": a keyed digest of the value and its class. Equal values have equal tokens, in every table, session and
//            resource of this gateway, so that joins keep working; nobody without the key gets from one to the other.
//
// Promises: a mask never holds more of the value than its kind says; what was a mask is known again when it is written back
// (not null, which any column may hold). Not here: which values, and who may see them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/secret.h"

namespace narrowgate::masking {

enum class Kind : std::uint8_t { null, fixed, partial, token };

// Columns of one class and how they are masked. "*": every schema, every table; no columns: all of them.
struct Rule {
  std::string label;  // the class: "pii"
  Kind kind = Kind::null;
  std::string schema, name;
  std::set<std::string> columns;
};
using Rules = std::vector<Rule>;

using Key = Secret<Bytes>;

class Masks {
 public:
  explicit Masks(Key key) : key_(std::move(key)) {}

  // nullopt: null.
  std::optional<std::string> mask(Kind kind, std::string_view label, std::string_view value) const;
  // Is it a mask of ours, of any kind but null?
  bool is_mask(std::string_view value) const;

 private:
  std::string token(std::string_view label, std::string_view value) const;
  std::string check_of(std::string_view body) const;

  const Key key_;
};

}  // namespace narrowgate::masking
