#include "base/id.h"

#include <array>

#include "base/crypto.h"

namespace narrowgate {
namespace {
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kUlidLength = 26;
constexpr std::size_t kTimeLength = 10;  // 48 bits of milliseconds
}  // namespace

std::string_view prefix_of(IdKind kind) {
  switch (kind) {
    case IdKind::agent: return "agt_";
    case IdKind::task: return "tsk_";
    case IdKind::grant: return "grt_";
    case IdKind::session: return "ses_";
    case IdKind::decision: return "dec_";
    case IdKind::approval: return "apr_";
    case IdKind::recording: return "rec_";
  }
  return "";
}

std::string new_id(IdKind kind, WallTime now) {
  std::string out(prefix_of(kind));
  const auto ms = std::uint64_t(unix_ms(now));
  for (std::size_t i = 0; i < kTimeLength; ++i) out += kAlphabet[ms >> (5 * (kTimeLength - 1 - i)) & 31];
  std::array<Byte, kUlidLength - kTimeLength> random{};
  random_bytes(random);
  for (const Byte byte : random) out += kAlphabet[byte & 31];
  return out;
}

bool is_id(IdKind kind, std::string_view text) {
  const auto prefix = prefix_of(kind);
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return text.size() == kUlidLength && text.find_first_not_of(kAlphabet) == std::string_view::npos && text[0] <= '7';
}

}  // namespace narrowgate
