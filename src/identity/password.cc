#include "identity/password.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/crypto.h"

namespace narrowgate::identity {
namespace {

constexpr std::size_t salt_bytes = 16, hash_bytes = 32;

struct ScryptHash {
  unsigned ln = 0, r = 0, p = 0;
  Bytes salt, hash;
};

Error bad_hash(std::string_view why) {
  return {Code::malformed, Blame::gateway, fmt::format("password hash {}; make it again", why)};
}

// PHC strings spell base64 without padding.
std::string unpadded(ByteView bytes) {
  auto text = to_base64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}
Result<Bytes> from_unpadded(std::string_view text) {
  return from_base64(std::string(text) + std::string((4 - text.size() % 4) % 4, '='));
}

// "ln=15" → 15
std::optional<unsigned> parameter(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || text.substr(name.size(), 1) != "=") return std::nullopt;
  text.remove_prefix(name.size() + 1);
  unsigned value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

Result<ScryptHash> parse(std::string_view text) {
  const auto parts = split(text, '$');
  if (parts.size() != 5 || !parts[0].empty() || parts[1] != "scrypt") return bad_hash("is not $scrypt$ln=…,r=…,p=…$salt$hash");
  const auto cost = split(parts[2], ',');
  if (cost.size() != 3) return bad_hash("has no cost");
  const auto ln = parameter(cost[0], "ln"), r = parameter(cost[1], "r"), p = parameter(cost[2], "p");
  if (!ln || !r || !p) return bad_hash("has no cost");
  if (*ln < 10 || *ln > scrypt_ln_max || *r == 0 || *r > scrypt_r || *p == 0 || *p > 4)
    return bad_hash("asks for a cost out of bounds");
  NG_TRY(auto salt, from_unpadded(parts[3]));
  NG_TRY(auto hash, from_unpadded(parts[4]));
  if (salt.size() < 8 || salt.size() > 64 || hash.size() != hash_bytes) return bad_hash("has a salt or hash of the wrong length");
  return ScryptHash{*ln, *r, *p, std::move(salt), std::move(hash)};
}

Result<Bytes> scrypt(std::string_view password, ByteView salt, unsigned ln, unsigned r, unsigned p) {
  const std::uint64_t n = std::uint64_t(1) << ln;
  const std::uint64_t memory = 128 * r * (n + p + 2) + (1u << 20);
  Bytes out(hash_bytes);
  if (EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(), n, r, p, memory, out.data(), out.size()) != 1)
    return Error{Code::unavailable, Blame::gateway, "a password could not be hashed: out of memory"};
  return out;
}

}  // namespace

Result<std::string> hash_password(const SecretString& password) {
  if (password.empty() || password.expose().size() > person_password_bytes_max)
    return Error{Code::malformed, Blame::client, "a password is empty or longer than 1024 bytes"};
  std::array<Byte, salt_bytes> salt{};
  random_bytes(salt);
  NG_TRY(const auto hash, scrypt(password.expose(), salt, scrypt_ln, scrypt_r, scrypt_p));
  return fmt::format("$scrypt$ln={},r={},p={}${}${}", scrypt_ln, scrypt_r, scrypt_p, unpadded(salt), unpadded(hash));
}

Result<bool> check_password(const SecretString& password, std::string_view hash) {
  NG_TRY(const auto wanted, parse(hash));
  if (password.expose().size() > person_password_bytes_max) return false;
  NG_TRY(const auto got, scrypt(password.expose(), wanted.salt, wanted.ln, wanted.r, wanted.p));
  return CRYPTO_memcmp(got.data(), wanted.hash.data(), got.size()) == 0;
}

}  // namespace narrowgate::identity
