#include "recording/checkpoint.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "recording/limits.h"

namespace narrowgate::recording {
namespace {

constexpr Byte algorithm_ed25519 = 1;
constexpr std::string_view dash = "\xe2\x80\x94 ";  // the em dash and blank before a signature line

using PKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using MdCtx = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Error malformed(std::string what) { return {Code::malformed, Blame::gateway, std::move(what)}; }

Result<Done> check_name(std::string_view name) {
  const bool bad = name.empty() || name.size() > 200 || !is_utf8(name) ||
                   std::any_of(name.begin(), name.end(), [](char c) { return c == '+' || (c >= 0 && c <= ' ') || c == 0x7f; });
  if (bad) return malformed(fmt::format("log name \"{}\": must be 1 to 200 characters without blanks and '+'", visible(name)));
  return Done{};
}

std::array<Byte, 4> key_id(std::string_view name, ByteView key) {
  const Digest digest = sha256(fmt::format("{}\n{}{}", name, char(algorithm_ed25519), as_text(key)));
  return {digest[0], digest[1], digest[2], digest[3]};
}

Bytes with_algorithm(ByteView key) {
  Bytes out{algorithm_ed25519};
  out.insert(out.end(), key.begin(), key.end());
  return out;
}

// "<name>+<8 hex>+<base64 of 33 bytes>"
struct KeyText {
  std::string name;
  Bytes id, key;
};
Result<KeyText> parse_key(std::string_view text, std::string_view what) {
  const auto first = text.find('+'), second = first == text.npos ? text.npos : text.find('+', first + 1);
  if (second == text.npos) return malformed(fmt::format("{}: not of the form name+id+key", what));
  KeyText out{std::string(text.substr(0, first)), {}, {}};
  NG_TRY_VOID(check_name(out.name));
  const auto id = text.substr(first + 1, second - first - 1);
  NG_TRY(out.id, from_hex(id));
  NG_TRY(out.key, from_base64(text.substr(second + 1)));
  if (to_hex(out.id) != id || out.id.size() != 4)
    return malformed(fmt::format("{}: key id must be 8 lower-case hex digits", what));
  if (out.key.size() != 33 || out.key[0] != algorithm_ed25519) return malformed(fmt::format("{}: not an Ed25519 key", what));
  out.key.erase(out.key.begin());
  return out;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc{} || end != text.data() + text.size() || std::to_string(size) != text)
    return malformed("checkpoint: its second line is not a tree size");
  return size;
}

Result<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == text.npos) return malformed("checkpoint: ends within a line");
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string to_text(const Checkpoint& c) { return fmt::format("{}\n{}\n{}\n", c.origin, c.size, to_base64(c.root)); }

Verifier::Verifier(std::string name, Bytes key) : name_(std::move(name)), key_(std::move(key)), id_(key_id(name_, key_)) {}

Result<Verifier> Verifier::parse(std::string_view vkey) {
  NG_TRY(auto parts, parse_key(vkey, "log verification key"));
  Verifier verifier(std::move(parts.name), std::move(parts.key));
  if (!std::equal(parts.id.begin(), parts.id.end(), verifier.id_.begin()))
    return malformed("log verification key: its id does not belong to its name and key");
  return verifier;
}

std::string Verifier::vkey() const { return fmt::format("{}+{}+{}", name_, to_hex(id_), to_base64(with_algorithm(key_))); }

Result<Checkpoint> Verifier::open(std::string_view note) const {
  if (note.size() > limits::checkpoint_bytes_max)
    return Error{Code::too_large, Blame::gateway, "checkpoint: longer than any of ours"};
  Checkpoint out;
  std::string_view rest = note;
  NG_TRY(out.origin, take_line(rest));
  if (out.origin != name_) return malformed(fmt::format("checkpoint: of log \"{}\", not \"{}\"", visible(out.origin), name_));
  NG_TRY(auto size_line, take_line(rest));
  NG_TRY(out.size, parse_size(size_line));
  NG_TRY(auto root_line, take_line(rest));
  NG_TRY(auto root, from_base64(root_line));
  if (root.size() != out.root.size()) return malformed("checkpoint: its root is not 32 bytes");
  std::copy(root.begin(), root.end(), out.root.begin());
  const auto text = note.substr(0, note.size() - rest.size());
  if (text != to_text(out)) return malformed("checkpoint: not in its one spelling");
  NG_TRY(auto blank, take_line(rest));
  if (!blank.empty()) return malformed("checkpoint: no blank line before the signatures");

  NG_TRY(auto line, take_line(rest));
  const auto prefix = fmt::format("{}{} ", dash, name_);
  if (!line.starts_with(prefix)) return malformed("checkpoint: its first signature is not the log's");
  NG_TRY(auto signature, from_base64(line.substr(prefix.size())));
  if (signature.size() != 68 || !std::equal(id_.begin(), id_.end(), signature.begin()))
    return malformed("checkpoint: signed with another key");
  while (!rest.empty()) {
    NG_TRY(auto other, take_line(rest));
    if (!other.starts_with(dash)) return malformed("checkpoint: something follows the signatures");
  }

  PKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key_.data(), key_.size()), EVP_PKEY_free);
  MdCtx ctx(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto message = as_bytes(text);
  if (!key || !ctx || EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestVerify(ctx.get(), signature.data() + 4, 64, message.data(), message.size()) != 1)
    return Error{Code::refused, Blame::gateway, "checkpoint: its signature does not hold"};
  return out;
}

Result<Signer> Signer::from_seed(std::string name, Secret<Bytes> seed) {
  NG_TRY_VOID(check_name(name));
  const Bytes& raw = seed.expose();  // only OpenSSL sees it
  if (raw.size() != 32) return malformed("log key: the seed is not 32 bytes");
  PKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()), EVP_PKEY_free);
  Bytes pub(32);
  std::size_t size = pub.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), pub.data(), &size) != 1 || size != pub.size())
    return Error{Code::unavailable, Blame::gateway, "log key: OpenSSL refuses this Ed25519 seed"};
  return Signer(Verifier(std::move(name), std::move(pub)), std::move(seed));
}

Result<Signer> Signer::parse(std::string_view skey) {
  constexpr std::string_view prefix = "PRIVATE+KEY+";
  if (!skey.starts_with(prefix)) return malformed("log key: does not start with PRIVATE+KEY+");
  NG_TRY(auto parts, parse_key(skey.substr(prefix.size()), "log key"));
  NG_TRY(auto signer, from_seed(parts.name, Secret<Bytes>(std::move(parts.key))));
  if (!std::equal(parts.id.begin(), parts.id.end(), signer.verifier_.id_.begin()))
    return malformed("log key: its id does not belong to its name and seed");
  return signer;
}

Result<Signer> Signer::create(std::string name) {
  Bytes seed(32);
  random_bytes(seed);
  return from_seed(std::move(name), Secret<Bytes>(std::move(seed)));
}

SecretString Signer::skey() const {
  const Secret<Bytes> key(with_algorithm(seed_.expose()));  // written to log.key, mode 0600
  return SecretString(fmt::format("PRIVATE+KEY+{}+{}+{}", verifier_.name_, to_hex(verifier_.id_), to_base64(key.expose())));
}

std::string Signer::sign(const Checkpoint& checkpoint) const {
  const auto text = to_text(checkpoint);
  const Bytes& seed = seed_.expose();  // signing
  PKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()), EVP_PKEY_free);
  MdCtx ctx(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Bytes signature(verifier_.id_.begin(), verifier_.id_.end());
  signature.resize(68);
  std::size_t size = 64;
  const auto message = as_bytes(text);
  NG_CHECK(key && ctx && EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  NG_CHECK(EVP_DigestSign(ctx.get(), signature.data() + 4, &size, message.data(), message.size()) == 1 && size == 64);
  return fmt::format("{}\n{}{} {}\n", text, dash, verifier_.name_, to_base64(signature));
}

Digest Signer::derive(std::string_view purpose) const {
  return hmac_sha256(seed_.expose(), as_bytes(purpose));  // HMAC as a key derivation
}

}  // namespace narrowgate::recording
