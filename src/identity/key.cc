#include "identity/key.h"

#include <fmt/format.h>

#include <algorithm>

namespace narrowgate::identity {
namespace {

constexpr std::size_t id_hex_digits = 16;
constexpr std::size_t seed_bytes = 32;
const std::size_t secret_characters = to_base64url(Bytes(key_secret_bytes)).size();

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool is_base64url(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; }

std::string new_key_id() {
  std::array<Byte, id_hex_digits / 2> bytes{};
  random_bytes(bytes);
  return to_hex(bytes);
}

Error no_such_key(std::string_view id) {
  return {Code::not_found, Blame::client, fmt::format("key {} does not exist; list the agent's keys", id)};
}

}  // namespace

// ---- MemoryKeyStore

MemoryKeyStore::MemoryKeyStore() : seed_(seed_bytes) { random_bytes(seed_); }

Result<Bytes> MemoryKeyStore::salt_seed() {
  const std::lock_guard lock(mutex_);
  return seed_;
}

Result<Done> MemoryKeyStore::add(const KeyRecord& record) {
  const std::lock_guard lock(mutex_);
  if (!records_.emplace(record.id, record).second)
    return Error{Code::conflict, Blame::gateway, fmt::format("key {} exists already", record.id)};
  return Done{};
}

Result<std::optional<KeyRecord>> MemoryKeyStore::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  return found == records_.end() ? std::optional<KeyRecord>() : std::optional(found->second);
}

Result<std::vector<KeyRecord>> MemoryKeyStore::of_agent(std::string_view agent) {
  const std::lock_guard lock(mutex_);
  std::vector<KeyRecord> out;
  for (const auto& [id, record] : records_)
    if (record.agent == agent) out.push_back(record);
  return out;
}

Result<Done> MemoryKeyStore::revoke(std::string_view id, WallTime when) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end()) return no_such_key(id);
  if (!found->second.revoked) found->second.revoked = when;
  return Done{};
}

// ---- keys

Bytes salt_of_agent(ByteView seed, std::string_view agent) {
  const Digest digest = hmac_sha256(seed, as_bytes(fmt::format("scram salt of {}", agent)));
  return {digest.begin(), digest.begin() + scram_salt_bytes};
}

Result<EnrolledKey> enrol_key(KeyStore& store, std::string_view agent, WallTime now, std::optional<WallTime> expires) {
  NG_TRY(const auto existing, store.of_agent(agent));
  const auto live = std::count_if(existing.begin(), existing.end(), [&](const KeyRecord& record) { return record.live(now); });
  if (std::size_t(live) >= keys_per_agent_max)
    return Error{Code::conflict, Blame::client, fmt::format("agent {} has {} live keys already; revoke one first", agent, live)};
  NG_TRY(const auto seed, store.salt_seed());

  const std::string id = new_key_id();
  SecretString text(fmt::format("{}{}_{}", key_prefix, id, random_token(key_secret_bytes)));
  KeyRecord record{
      id, std::string(agent), sha256(text.expose()), derive_scram(text.expose(), salt_of_agent(seed, agent)), now, expires, {}};
  NG_TRY_VOID(store.add(record));
  return EnrolledKey{std::move(text), std::move(record)};
}

std::optional<std::string> key_id_of(std::string_view text) {
  if (!text.starts_with(key_prefix) || text.size() != key_prefix.size() + id_hex_digits + 1 + secret_characters)
    return std::nullopt;
  const auto id = text.substr(key_prefix.size(), id_hex_digits);
  const auto rest = text.substr(key_prefix.size() + id_hex_digits);
  if (!std::all_of(id.begin(), id.end(), is_lower_hex) || rest[0] != '_') return std::nullopt;
  if (!std::all_of(rest.begin() + 1, rest.end(), is_base64url)) return std::nullopt;
  return std::string(id);
}

}  // namespace narrowgate::identity
