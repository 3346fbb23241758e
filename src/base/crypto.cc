#include "base/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace narrowgate {

Digest sha256(ByteView bytes) {
  Digest out{};
  NG_CHECK(EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return out;
}

Digest hmac_sha256(ByteView key, ByteView message) {
  Digest out{};
  unsigned size = 0;
  NG_CHECK(HMAC(EVP_sha256(), key.data(), int(key.size()), message.data(), message.size(), out.data(), &size) != nullptr);
  return out;
}

Digest pbkdf2_sha256(std::string_view password, ByteView salt, unsigned iterations) {
  Digest out{};
  NG_CHECK(PKCS5_PBKDF2_HMAC(password.data(), int(password.size()), salt.data(), int(salt.size()), int(iterations), EVP_sha256(),
                             int(out.size()), out.data()) == 1);
  return out;
}

std::string sha256_hex(std::string_view text) { return "sha256:" + to_hex(sha256(text)); }

std::string md5_hex(std::string_view text) {
  std::array<Byte, 16> out{};
  NG_CHECK(EVP_Digest(text.data(), text.size(), out.data(), nullptr, EVP_md5(), nullptr) == 1);
  return to_hex(out);
}

void random_bytes(std::span<Byte> out) { NG_CHECK(RAND_bytes(out.data(), int(out.size())) == 1); }

std::string random_token(std::size_t bytes) {
  Bytes raw(bytes);
  random_bytes(raw);
  return to_base64url(raw);
}

}  // namespace narrowgate
