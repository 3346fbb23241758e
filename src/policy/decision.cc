#include "policy/decision.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/json.h"

namespace narrowgate {

std::string_view to_string(DenialCode code) {
  switch (code) {
    case DenialCode::scope_denied: return "scope_denied";
    case DenialCode::policy_denied: return "policy_denied";
    case DenialCode::approval_pending: return "approval_pending";
    case DenialCode::approval_denied: return "approval_denied";
    case DenialCode::approval_mismatch: return "approval_mismatch";
    case DenialCode::unclassified: return "unclassified";
    case DenialCode::limit_exceeded: return "limit_exceeded";
    case DenialCode::expired: return "expired";
    case DenialCode::revoked: return "revoked";
    case DenialCode::suspended: return "suspended";
    case DenialCode::identity: return "identity";
    case DenialCode::unavailable: break;
  }
  return "unavailable";
}

namespace {

constexpr std::size_t denial_bytes_max = 480;  // with its message, one of MySQL's error packets (MYSQL_ERRMSG_SIZE is 512)
constexpr std::string_view ellipsis = "…";

// At most `bytes` long, cut between characters; "…" says so.
std::string shortened(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  std::size_t end = bytes > ellipsis.size() ? bytes - ellipsis.size() : 0;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)).append(ellipsis);
}

struct DenialText {
  std::string_view code;
  std::string decision, ask, retry;
  std::vector<std::string> need, have;

  std::string print() const {
    json::object out{{"v", 1}, {"code", code}};
    const auto add = [&](std::string_view name, const std::string& text) {
      if (!text.empty()) out[name] = text;
    };
    const auto add_list = [&](std::string_view name, const std::vector<std::string>& list) {
      if (!list.empty()) out[name] = json::array(list.begin(), list.end());
    };
    add("decision", decision);
    add_list("need", need);
    add_list("have", have);
    add("ask", ask);
    add("retry", retry);
    return json::serialize(out);
  }
  bool fits() const { return print().size() <= denial_bytes_max; }
};

// Drops items from the end until the denial fits or one is left.
void cut_list(DenialText& denial, std::vector<std::string>& list) {
  bool cut = false;
  while (list.size() > (cut ? 2u : 1u) && !denial.fits()) {
    list.erase(list.end() - (cut ? 2 : 1));
    if (!cut) list.emplace_back(ellipsis);
    cut = true;
  }
}

// Halves a text until the denial fits or nothing is left of it.
void cut_text(DenialText& denial, std::string& text) {
  while (!text.empty() && !denial.fits()) text = text.size() <= 8 ? std::string() : shortened(text, text.size() / 2);
}

std::vector<std::string> all_visible(const std::vector<std::string>& list) {
  std::vector<std::string> out;
  for (const auto& item : list) out.push_back(visible(item));
  return out;
}

}  // namespace

std::string to_json(const Denial& denial) {
  DenialText text{to_string(denial.code), visible(denial.decision), visible(denial.ask),
                  visible(denial.retry),  all_visible(denial.need), all_visible(denial.have)};
  cut_list(text, text.have);
  cut_list(text, text.need);
  for (auto* list : {&text.have, &text.need})
    for (auto& item : *list) cut_text(text, item);
  for (auto* part : {&text.ask, &text.retry, &text.decision}) cut_text(text, *part);
  return text.print();
}

}  // namespace narrowgate
