#include "protocol/postgres/wire/scram_keys.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

namespace narrowgate::postgres {

ScramKeys::~ScramKeys() { OPENSSL_cleanse(client.data(), client.size()); }

ScramKeys derive_scram_keys(const SecretString& password, ByteView salt, unsigned iterations) {
  Digest salted = pbkdf2_sha256(password.expose(), salt, iterations);
  ScramKeys keys;
  keys.client = hmac_sha256(salted, as_bytes("Client Key"));
  keys.stored = sha256(keys.client);
  keys.server = hmac_sha256(salted, as_bytes("Server Key"));
  OPENSSL_cleanse(salted.data(), salted.size());
  return keys;
}

ScramMemory::ScramMemory() { random_bytes(secret_); }

// The lengths keep a password's end apart from a salt's beginning.
Digest ScramMemory::id_of(const SecretString& password, ByteView salt, unsigned iterations) const {
  const std::string head = fmt::format("{} {} {} ", iterations, salt.size(), password.expose().size());
  Bytes text(head.begin(), head.end());
  text.insert(text.end(), salt.begin(), salt.end());
  const ByteView secret = as_bytes(password.expose());
  text.insert(text.end(), secret.begin(), secret.end());
  const Digest id = hmac_sha256(secret_, text);
  OPENSSL_cleanse(text.data(), text.size());
  return id;
}

ScramKeys ScramMemory::keys(const SecretString& password, ByteView salt, unsigned iterations) {
  const Digest id = id_of(password, salt, iterations);
  const auto is_it = [&](const Entry& entry) { return entry.id == id; };
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
      return found->keys;
    }
  }
  const ScramKeys keys = derive_scram_keys(password, salt, iterations);  // not under the lock: others need not wait for it
  const std::lock_guard lock(mutex_);
  if (std::none_of(entries_.begin(), entries_.end(), is_it)) entries_.push_front({id, keys});
  if (entries_.size() > limits::scram_keys_remembered_max) entries_.pop_back();
  return keys;
}

std::size_t ScramMemory::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace narrowgate::postgres
