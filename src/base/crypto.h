// Digests, keyed digests and random bytes, by OpenSSL.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace narrowgate {

using Digest = std::array<Byte, 32>;

Digest sha256(ByteView bytes);
inline Digest sha256(std::string_view text) { return sha256(as_bytes(text)); }
Digest hmac_sha256(ByteView key, ByteView message);
// RFC 8018 PBKDF2 with HMAC-SHA-256. Slow on purpose: never in a login path of ours.
Digest pbkdf2_sha256(std::string_view password, ByteView salt, unsigned iterations);
std::string sha256_hex(std::string_view text);  // "sha256:<hex>", the spelling used in records and approvals
std::string md5_hex(std::string_view text);     // only for PostgreSQL's MD5 login

// From the operating system's generator; a failure ends the process.
void random_bytes(std::span<Byte> out);
// `bytes` random bytes as unpadded base64url.
std::string random_token(std::size_t bytes);

}  // namespace narrowgate
