#include "identity/scram.h"

#include <openssl/crypto.h>

namespace narrowgate::identity {

ScramVerifier derive_scram(std::string_view password, ByteView salt, unsigned iterations) {
  Digest salted = pbkdf2_sha256(password, salt, iterations);
  Digest client_key = hmac_sha256(salted, as_bytes("Client Key"));
  ScramVerifier verifier{
      {salt.begin(), salt.end()}, iterations, sha256(ByteView(client_key)), hmac_sha256(salted, as_bytes("Server Key"))};
  OPENSSL_cleanse(salted.data(), salted.size());
  OPENSSL_cleanse(client_key.data(), client_key.size());
  return verifier;
}

// ClientKey = ClientProof XOR HMAC(StoredKey, AuthMessage), and its digest must be StoredKey.
std::optional<Digest> check_scram(const ScramVerifier& verifier, std::string_view auth_message, ByteView client_proof) {
  Digest client_key = hmac_sha256(verifier.stored_key, as_bytes(auth_message));
  if (client_proof.size() != client_key.size()) return std::nullopt;
  for (std::size_t i = 0; i < client_key.size(); ++i) client_key[i] ^= client_proof[i];
  const Digest stored = sha256(ByteView(client_key));
  OPENSSL_cleanse(client_key.data(), client_key.size());
  if (CRYPTO_memcmp(stored.data(), verifier.stored_key.data(), stored.size()) != 0) return std::nullopt;
  return hmac_sha256(verifier.server_key, as_bytes(auth_message));
}

}  // namespace narrowgate::identity
