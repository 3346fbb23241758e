// What SCRAM derives from a password, and a memory of it.
//
// Deriving takes thousands of hashes, and a gateway logs in with the same password again and again: the upstream's salt and count
// are the same each time. What is remembered is worth as much as the password, which the lease holds beside it; it is found by a
// digest under a key of this process, and wiped when it is forgotten.
#pragma once

#include <list>
#include <mutex>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "protocol/postgres/wire/wire_limits.h"

namespace narrowgate::postgres {

struct ScramKeys {
  Digest client{}, stored{}, server{};
  ScramKeys() = default;
  ScramKeys(const ScramKeys&) = default;
  ScramKeys& operator=(const ScramKeys&) = default;
  ~ScramKeys();  // wipes the client's
};

// Slow on purpose (PBKDF2).
ScramKeys derive_scram_keys(const SecretString& password, ByteView salt, unsigned iterations);

// From any thread. Holds limits::scram_keys_remembered_max, those last used.
class ScramMemory {
 public:
  ScramMemory();
  ScramKeys keys(const SecretString& password, ByteView salt, unsigned iterations);
  std::size_t size() const;

 private:
  struct Entry {
    Digest id;
    ScramKeys keys;
  };
  Digest id_of(const SecretString& password, ByteView salt, unsigned iterations) const;

  Digest secret_{};
  mutable std::mutex mutex_;  // guards what follows
  std::list<Entry> entries_;  // last used first
};

}  // namespace narrowgate::postgres
