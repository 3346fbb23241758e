#include "recording/redact.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "recording/redact_scan.h"

namespace narrowgate::recording {
namespace {

// What makes a text worth a closer look. Matched without regard to case, anywhere, also inside longer words.
// clang-format off
constexpr std::string_view needles[] = {
    "passw", "passphrase", "pass=", "pass:", "_pass", "pass'", "pass\"", "pgpass", "pwd", "secret", "token", "apikey",
    "api_key", "api-key", "access_key", "accesskey", "access-key", "account_key", "accountkey", "account-key", "private_key",
    "privatekey", "private-key", "privkey", "auth_key", "authkey", "signing_key", "encryption_key", "credential",
    "identified", "authorization", "bearer ", "basic ", "crypt", "hmac", "mapping", "://", "akia", "asia", "ghp_", "gho_",
    "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glsa_", "xox", "xapp-", "sk-", "sk_live_", "sk_test_", "rk_live_",
    "rk_test_", "aiza", "ya29.", "eyj", "npm_", "pypi-", "dop_v1_", "hf_", "shp", "sg.", "hvs.", "age-secret-key-",
    "putty-user-key", "dckr_pat_", "-----begin", "md5", "$2a$", "$2b$", "$2y$", "$argon2", "$1$", "$5$", "$6$", "$y$",
    "scram-sha-",
};
// clang-format on
static_assert(std::size(needles) < 256);

constexpr char fold(char c) { return char(c | 0x20); }
constexpr std::size_t bucket_of(char a, char b, char c) {
  return (std::uint32_t(std::uint8_t(fold(a))) * 0x9E5u + std::uint32_t(std::uint8_t(fold(b))) * 0x61u +
          std::uint8_t(fold(c)) * 0x7u) &
         4095;
}
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

// Buckets by a needle's first three characters: 0, or 1 + the first needle of a chain.
struct Table {
  std::array<std::uint8_t, 4096> first{};
  std::array<std::uint8_t, 256> next{};
};
constexpr Table make_table() {
  Table table;
  for (std::size_t i = 0; i < std::size(needles); ++i) {
    const auto bucket = bucket_of(needles[i][0], needles[i][1], needles[i][2]);
    table.next[i + 1] = table.first[bucket];
    table.first[bucket] = std::uint8_t(i + 1);
  }
  return table;
}
constexpr Table table = make_table();

bool starts_with(std::string_view text, std::string_view needle) {
  if (text.size() < needle.size()) return false;
  for (std::size_t i = 0; i < needle.size(); ++i)
    if (lower(text[i]) != needle[i]) return false;
  return true;
}

// The first position at or after `from` where any needle stands, or npos.
std::size_t next_needle(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i + 2 < text.size(); ++i) {
    std::uint8_t at = table.first[bucket_of(text[i], text[i + 1], text[i + 2])];
    for (; at != 0; at = table.next[at])
      if (starts_with(text.substr(i), needles[at - 1])) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view Redactor::redact(std::string_view text, std::string& scratch) const {
  const auto first = next_needle(text, 0);
  if (first == text.npos && !has_random_run(text)) return text;

  SecretScan scan(text);
  // Each look may read the whole text, so their number is bounded by its length.
  auto looks = std::max<std::size_t>(64, (8u << 20) / (text.size() + 1));
  for (auto at = first; at != text.npos; at = next_needle(text, scan.past_found(at + 1))) {
    if (looks-- == 0) {
      scan.take_rest(at);
      break;
    }
    scan.look_at(at);
  }
  scan.look_for_random_runs();
  const auto spans = scan.spans();
  if (spans.empty()) return text;

  scratch.clear();
  std::size_t done = 0;
  for (const auto& span : spans) {
    scratch.append(text, done, span.from - done);
    const auto digest = hmac_sha256(key_, as_bytes(text.substr(span.from, span.to - span.from)));
    fmt::format_to(std::back_inserter(scratch), "<redacted:{}>", to_hex(ByteView(digest).first(4)));
    done = span.to;
  }
  scratch.append(text, done, text.npos);
  return scratch;
}

std::string Redactor::redact(std::string_view text) const {
  std::string scratch;
  return std::string(redact(text, scratch));
}

}  // namespace narrowgate::recording
