#define OPENSSL_SUPPRESS_DEPRECATED  // SHA256_CTX can be copied on the stack; EVP_MD_CTX_copy allocates for every value.
#include "recording/value_digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace narrowgate::recording {

struct ValueDigest::State {
  SHA256_CTX inner, outer;
  ~State() { OPENSSL_cleanse(this, sizeof *this); }
};

// RFC 2104: H(key ^ opad ‖ H(key ^ ipad ‖ message)), with both keyed blocks already taken in.
ValueDigest::ValueDigest(const Digest& key) : state_(std::make_unique<State>()) {
  std::array<Byte, 64> pad{};
  std::copy(key.begin(), key.end(), pad.begin());
  for (Byte& b : pad) b ^= 0x36;
  SHA256_Init(&state_->inner), SHA256_Update(&state_->inner, pad.data(), pad.size());
  for (Byte& b : pad) b ^= 0x36 ^ 0x5c;
  SHA256_Init(&state_->outer), SHA256_Update(&state_->outer, pad.data(), pad.size());
  OPENSSL_cleanse(pad.data(), pad.size());
}
ValueDigest::~ValueDigest() = default;
ValueDigest::ValueDigest(ValueDigest&&) noexcept = default;

std::array<Byte, 16> ValueDigest::operator()(ByteView value) const {
  Digest digest;
  SHA256_CTX inner = state_->inner, outer = state_->outer;
  SHA256_Update(&inner, value.data(), value.size()), SHA256_Final(digest.data(), &inner);
  SHA256_Update(&outer, digest.data(), digest.size()), SHA256_Final(digest.data(), &outer);
  std::array<Byte, 16> out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

}  // namespace narrowgate::recording
