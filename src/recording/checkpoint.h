// A checkpoint: "the log called `origin` had `size` records and this root", signed. C2SP tlog-checkpoint in a C2SP signed-note.
//
//   audit.narrowgate.example/prod-1
//   2
//   sTeYX/SE+2ANuTEHx3sDZcgNePW0Kd7Q/Zc2HQd5mes=
//
//   — audit.narrowgate.example/prod-1 PE6weq+…
//
// Promises: the parser accepts only the spelling that the writer writes for the same values, so every changed byte shows.
// Signatures of others (witnesses) after ours are carried and ignored. Keys are spelled as in
// golang.org/x/mod/sumdb/note.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/result.h"
#include "base/secret.h"

namespace narrowgate::recording {

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};
// The signed text: origin, size, root, each on a line.
std::string to_text(const Checkpoint& checkpoint);

// Who signed: "<name>+<key id>+<base64(0x01 ‖ public key)>".
class Verifier {
 public:
  static Result<Verifier> parse(std::string_view vkey);
  const std::string& name() const { return name_; }
  std::string vkey() const;
  // The checkpoint inside, if its first signature by this key holds.
  Result<Checkpoint> open(std::string_view note) const;

 private:
  friend class Signer;
  Verifier(std::string name, Bytes key);
  std::string name_;
  Bytes key_;               // 32 bytes
  std::array<Byte, 4> id_;  // first bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key)
};

class Signer {
 public:
  static Result<Signer> from_seed(std::string name, Secret<Bytes> seed);
  // "PRIVATE+KEY+<name>+<key id>+<base64(0x01 ‖ seed)>"
  static Result<Signer> parse(std::string_view skey);
  static Result<Signer> create(std::string name);
  SecretString skey() const;
  const Verifier& verifier() const { return verifier_; }
  std::string sign(const Checkpoint& checkpoint) const;
  // A key of its own for another purpose, which says nothing about the signing key.
  Digest derive(std::string_view purpose) const;

 private:
  Signer(Verifier verifier, Secret<Bytes> seed) : verifier_(std::move(verifier)), seed_(std::move(seed)) {}
  Verifier verifier_;
  Secret<Bytes> seed_;
};

}  // namespace narrowgate::recording
