#include "protocol/postgres/wire/scram.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <optional>

#include "protocol/postgres/wire/decimal.h"
#include "protocol/postgres/wire/scram_text.h"

namespace narrowgate::postgres {
namespace {

constexpr std::string_view plus_flag = "p=tls-server-end-point";
constexpr std::size_t salt_bytes = 16;

Error bad(Blame blame, std::string_view what) { return {Code::malformed, blame, fmt::format("SCRAM: {}", what)}; }
Error no(Blame blame, std::string_view what) { return {Code::refused, blame, fmt::format("SCRAM: {}", what)}; }

Digest xored(const Digest& a, const Digest& b) {
  Digest out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

bool equal(const Digest& a, const Digest& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

Digest keyed(const Digest& key, std::string_view message) { return hmac_sha256(key, as_bytes(message)); }

// SASLprep leaves ASCII alone, as PostgreSQL does it; what it does beyond needs Unicode's tables.
Result<Done> check_password(const SecretString& password) {
  const std::string& text = password.expose();
  if (text.empty()) return Error{Code::refused, Blame::gateway, "SCRAM: the password is empty"};
  const auto is_ascii = [](char c) { return Byte(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return Done{};
  return Error{Code::unsupported, Blame::gateway, "SCRAM: the password holds characters outside ASCII; choose one of ASCII only"};
}

Result<Done> check_iterations(std::uint64_t count, Blame blame) {
  if (count >= limits::scram_iterations_min && count <= limits::scram_iterations_max) return Done{};
  return no(blame, fmt::format("{} iterations; between {} and {} are taken", count, limits::scram_iterations_min,
                               limits::scram_iterations_max));
}

std::optional<Digest> digest_from_base64(std::string_view text) {
  const Result<Bytes> bytes = from_base64(text);
  Digest out{};
  if (!bytes || bytes->size() != out.size()) return {};
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

std::string channel_binding_of(std::string_view gs2_header, bool plus, ByteView end_point) {
  Bytes bytes(gs2_header.begin(), gs2_header.end());
  if (plus) bytes.insert(bytes.end(), end_point.begin(), end_point.end());
  return to_base64(bytes);
}

}  // namespace

std::string scram_nonce() {
  std::array<Byte, 18> raw{};
  random_bytes(raw);
  return to_base64(raw);
}

// ---- verifiers

Result<ScramVerifier> make_verifier(const SecretString& password, unsigned iterations, Bytes salt) {
  NG_TRY_VOID(check_password(password));
  NG_TRY_VOID(check_iterations(iterations, Blame::gateway));
  if (salt.empty() || salt.size() > limits::scram_salt_bytes_max) return bad(Blame::gateway, "the salt is empty or too long");
  const ScramKeys keys = derive_scram_keys(password, salt, iterations);
  return ScramVerifier{iterations, std::move(salt), keys.stored, keys.server, false};
}

Result<ScramVerifier> make_verifier(const SecretString& password, unsigned iterations) {
  Bytes salt(salt_bytes);
  random_bytes(salt);
  return make_verifier(password, iterations, std::move(salt));
}

ScramVerifier mock_verifier(ByteView gateway_secret, std::string_view user, unsigned iterations) {
  const Digest seed = hmac_sha256(gateway_secret, as_bytes(fmt::format("narrowgate mock SCRAM verifier\n{}", user)));
  return {iterations, Bytes(seed.begin(), seed.begin() + salt_bytes), keyed(seed, "stored"), keyed(seed, "server"), true};
}

std::string ScramVerifier::to_text() const {
  return fmt::format("{}${}:{}${}:{}", scram_sha_256, iterations, to_base64(salt), to_base64(stored_key), to_base64(server_key));
}

Result<ScramVerifier> ScramVerifier::parse(std::string_view text) {
  const Error unreadable =
      bad(Blame::gateway, "a verifier is spelled SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>");
  const auto take = [&](char end) {
    const std::string_view word = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
  };
  if (take('$') != scram_sha_256) return unreadable;
  const auto iterations = read_decimal(take(':'));
  Result<Bytes> salt = from_base64(take('$'));
  const auto stored = digest_from_base64(take(':'));
  const auto server = digest_from_base64(text);
  if (!iterations || !salt || !stored || !server || salt->empty() || salt->size() > limits::scram_salt_bytes_max)
    return unreadable;
  NG_TRY_VOID(check_iterations(*iterations, Blame::gateway));
  return ScramVerifier{unsigned(*iterations), std::move(salt).take(), *stored, *server, false};
}

// ---- server side

ScramQuestion question_of(ScramVerifier verifier) {
  ScramQuestion question{verifier.salt, verifier.iterations, {}};
  question.check = [kept = std::move(verifier)](std::string_view auth_message, ByteView proof) -> std::optional<Digest> {
    Digest given{};
    if (proof.size() != given.size()) return std::nullopt;
    std::copy(proof.begin(), proof.end(), given.begin());
    const Digest client_key = xored(given, keyed(kept.stored_key, auth_message));
    const Digest signature = keyed(kept.server_key, auth_message);
    if (!equal(sha256(client_key), kept.stored_key) || kept.mock) return std::nullopt;
    return signature;
  };
  return question;
}

ScramServer::ScramServer(ScramQuestion question, std::string_view mechanism, Bytes end_point, std::string nonce)
    : question_(std::move(question)),
      plus_(mechanism == scram_sha_256_plus),
      end_point_(std::move(end_point)),
      nonce_(std::move(nonce)) {
  NG_CHECK(question_.check && (!plus_ || !end_point_.empty()));
}

// The header up to client-first-message-bare, which is returned.
Result<std::string_view> ScramServer::read_gs2(std::string_view client_first) {
  const auto comma = client_first.find(',');
  const std::string_view flag = client_first.substr(0, comma);
  if (comma == std::string_view::npos) return bad(Blame::client, "the first message has no header");
  if (plus_ && flag != plus_flag) return bad(Blame::client, "channel binding was chosen and is not tls-server-end-point");
  if (!plus_ && flag != "n" && flag != "y") return bad(Blame::client, "channel binding without SCRAM-SHA-256-PLUS");
  if (flag == "y" && !end_point_.empty())
    return no(Blame::client, "channel binding was offered and the client did not hear of it");
  const auto second = client_first.find(',', comma + 1);
  if (second != comma + 1) return bad(Blame::client, "an authorisation identity is not supported");
  gs2_header_ = client_first.substr(0, second + 1);
  return client_first.substr(second + 1);
}

Result<std::string> ScramServer::first(std::string_view client_first) {
  NG_CHECK(state_ == 0);
  state_ = -1;
  if (client_first.size() > limits::scram_message_bytes_max) return bad(Blame::client, "the first message is too long");
  NG_TRY(const std::string_view bare, read_gs2(client_first));
  ScramText in(bare);
  in.take('n');  // a user name: PostgreSQL's clients send none, and the startup packet's counts
  const std::string_view client_nonce = in.take('r');
  if (!in.read_all() || !is_scram_nonce(client_nonce)) return bad(Blame::client, "the first message is not n=…,r=<nonce>");
  nonce_.insert(0, client_nonce);
  std::string answer = fmt::format("r={},s={},i={}", nonce_, to_base64(question_.salt), question_.iterations);
  auth_message_ = fmt::format("{},{}", bare, answer);
  state_ = 1;
  return answer;
}

Result<std::string> ScramServer::finish(std::string_view client_final) {
  NG_CHECK(state_ == 1);
  state_ = -1;
  if (client_final.size() > limits::scram_message_bytes_max) return bad(Blame::client, "the final message is too long");
  ScramText in(client_final);
  const std::string_view binding = in.take('c'), nonce = in.take('r');
  const std::string_view without_proof = in.taken();
  const auto proof = digest_from_base64(in.take('p'));
  if (!in.read_all() || !proof) return bad(Blame::client, "the final message is not c=…,r=…,p=<proof>");
  if (binding != channel_binding_of(gs2_header_, plus_, end_point_))
    return no(Blame::client, "the channel binding does not fit this connection");
  if (nonce != nonce_) return no(Blame::client, "the final message's nonce is not this login's");
  const std::string auth_message = fmt::format("{},{}", auth_message_, without_proof);
  const auto signature = question_.check(auth_message, *proof);
  if (!signature) return no(Blame::client, "the proof is wrong");
  state_ = 2;
  return "v=" + to_base64(*signature);
}

// ---- client side

ScramClient::ScramClient(SecretString password, Bytes end_point, bool plus, ScramMemory* memory, std::string nonce)
    : password_(std::move(password)), end_point_(std::move(end_point)), plus_(plus), memory_(memory), nonce_(std::move(nonce)) {}

Result<ScramClient> ScramClient::create(SecretString password, Bytes end_point, bool plus_offered, ScramMemory* memory,
                                        std::string nonce) {
  NG_TRY_VOID(check_password(password));
  const bool plus = plus_offered && !end_point.empty();
  return ScramClient(std::move(password), std::move(end_point), plus, memory, std::move(nonce));
}

std::string ScramClient::gs2_header() const {
  return plus_ ? fmt::format("{},,", plus_flag) : end_point_.empty() ? "n,," : "y,,";
}

std::string ScramClient::first() const { return fmt::format("{}n=,r={}", gs2_header(), nonce_); }

Result<std::string> ScramClient::answer(std::string_view server_first) {
  NG_CHECK(state_ == 0);
  state_ = -1;
  if (server_first.size() > limits::scram_message_bytes_max)
    return bad(Blame::upstream, "the server's first message is too long");
  ScramText in(server_first);
  const std::string_view nonce = in.take('r');
  const Result<Bytes> salt = from_base64(in.take('s'));
  const auto iterations = read_decimal(in.take('i'));
  if (!in.read_all() || !salt || !iterations || !is_scram_nonce(nonce))
    return bad(Blame::upstream, "the server's first message is not r=…,s=…,i=…");
  if (nonce.size() <= nonce_.size() || !nonce.starts_with(nonce_))
    return no(Blame::upstream, "the server's nonce does not extend ours");
  if (salt->empty() || salt->size() > limits::scram_salt_bytes_max)
    return no(Blame::upstream, "the server's salt is empty or too long");
  NG_TRY_VOID(check_iterations(*iterations, Blame::upstream));
  const ScramKeys keys = memory_ ? memory_->keys(password_, *salt, unsigned(*iterations))
                                 : derive_scram_keys(password_, *salt, unsigned(*iterations));
  const std::string without_proof = fmt::format("c={},r={}", channel_binding_of(gs2_header(), plus_, end_point_), nonce);
  const std::string auth_message = fmt::format("n=,r={},{},{}", nonce_, server_first, without_proof);
  server_signature_ = keyed(keys.server, auth_message);
  state_ = 1;
  return fmt::format("{},p={}", without_proof, to_base64(xored(keys.client, keyed(keys.stored, auth_message))));
}

Result<Done> ScramClient::verify(std::string_view server_final) {
  NG_CHECK(state_ == 1);
  state_ = -1;
  if (server_final.starts_with("e="))
    return no(Blame::upstream, fmt::format("the server says {}", visible(server_final.substr(2, 200))));
  ScramText in(server_final);
  const auto signature = digest_from_base64(in.take('v'));
  if (!in.read_all() || !signature) return bad(Blame::upstream, "the server's final message is not v=<signature>");
  if (!equal(*signature, server_signature_))
    return no(Blame::upstream, "the server does not know the password's verifier; it is not the one we want");
  state_ = 2;
  return Done{};
}

}  // namespace narrowgate::postgres
