// Enrolled agent keys: ngk_<id>_<secret>, shown once, kept as digests, revocable.
//
// At rest there is the SHA-256 of the whole text (256 random bits need no slow hash) and a SCRAM verifier, so that a stock
// client can log in by SCRAM without us ever running PBKDF2 in a login. All keys of one agent share a salt, derived from the
// store's seed: the salt must be named before the client says which key it holds.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "identity/scram.h"

namespace narrowgate::identity {

inline constexpr std::string_view key_prefix = "ngk_";
inline constexpr std::size_t key_secret_bytes = 32;
inline constexpr std::size_t keys_per_agent_max = 16;  // a proof is tried against each

struct KeyRecord {
  std::string id;  // 16 hex digits; what people see and revoke
  std::string agent;
  Digest sha256{};  // of the whole key text
  ScramVerifier scram;
  WallTime created;
  std::optional<WallTime> expires, revoked;

  bool live(WallTime now) const { return !revoked && (!expires || now < *expires); }
};

// Where keys are kept. Calls come from the event loop: memory or a short indexed read. From any thread.
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  // 32 random bytes, made once and kept as long as the keys.
  virtual Result<Bytes> salt_seed() = 0;
  virtual Result<Done> add(const KeyRecord& record) = 0;  // conflict: the id is taken
  virtual Result<std::optional<KeyRecord>> find(std::string_view id) = 0;
  virtual Result<std::vector<KeyRecord>> of_agent(std::string_view agent) = 0;
  virtual Result<Done> revoke(std::string_view id, WallTime when) = 0;  // not_found; twice is fine
};

class MemoryKeyStore final : public KeyStore {
 public:
  MemoryKeyStore();
  Result<Bytes> salt_seed() override;
  Result<Done> add(const KeyRecord& record) override;
  Result<std::optional<KeyRecord>> find(std::string_view id) override;
  Result<std::vector<KeyRecord>> of_agent(std::string_view agent) override;
  Result<Done> revoke(std::string_view id, WallTime when) override;

 private:
  std::mutex mutex_;
  Bytes seed_;
  std::map<std::string, KeyRecord, std::less<>> records_;
};

Bytes salt_of_agent(ByteView seed, std::string_view agent);

struct EnrolledKey {
  SecretString text;  // shown once
  KeyRecord record;
};
// Makes and keeps a new key. Refuses (Code::conflict) an agent that has keys_per_agent_max live ones.
Result<EnrolledKey> enrol_key(KeyStore& store, std::string_view agent, WallTime now, std::optional<WallTime> expires);

// The id inside a well-formed key text; nullopt for anything else.
std::optional<std::string> key_id_of(std::string_view text);

}  // namespace narrowgate::identity
