// One redaction for recording and log: what a secret was is replaced by <redacted:hmac8> before anything reaches a disk.
//
//   ALTER ROLE ana PASSWORD 'hunter2'      →  ALTER ROLE ana PASSWORD <redacted:5f0c22d1>
//   postgres://ana:hunter2@orders/shop     →  postgres://ana:<redacted:5f0c22d1>@orders/shop
//
// The eight hex digits are a keyed digest: equal secrets stay comparable, and without the key nothing can be guessed back.
// Promises: over-redacts rather than under. Where the text leaves doubt about where a literal ends (backslashes, dollar quotes,
// strings inside strings), everything from the first to the last quote after the keyword goes. Clean text costs about a
// nanosecond per byte and no allocation.
// Not here: a secret with no keyword, prefix or shape to know it by; column classification (policy) has to know that.
#pragma once

#include <string>
#include <string_view>

#include "base/crypto.h"

namespace narrowgate::recording {

class Redactor {
 public:
  explicit Redactor(const Digest& key) : key_(key) {}
  // `text` itself if there was nothing to hide, otherwise a view of `scratch`. Valid while both are.
  std::string_view redact(std::string_view text, std::string& scratch) const;
  std::string redact(std::string_view text) const;

 private:
  Digest key_;
};

}  // namespace narrowgate::recording
