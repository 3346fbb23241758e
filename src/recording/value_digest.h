// Digests of parameter values: HMAC-SHA-256 under the recording's own key, cut to 16 bytes. Equal values have equal digests;
// without the key even a guess cannot be checked.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/crypto.h"

namespace narrowgate::recording {

// Keeps the key's two half-done hashes, so a short value costs two compressions and no allocation.
class ValueDigest {
 public:
  explicit ValueDigest(const Digest& key);
  ~ValueDigest();
  ValueDigest(ValueDigest&&) noexcept;
  std::array<Byte, 16> operator()(ByteView value) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace narrowgate::recording
