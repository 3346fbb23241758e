#include "policy/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace narrowgate::policy {
namespace {

std::string_view annotation(const PolicyInfo& policy, std::string_view name) {
  const auto found = policy.annotations.find(name);
  return found == policy.annotations.end() ? std::string_view() : found->second;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto item = trimmed(text.substr(0, comma)); !item.empty()) out.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

Error bad(std::string_view name, std::string_view value, std::string_view remedy) {
  return {Code::malformed, Blame::gateway, fmt::format("@{}(\"{}\") {}", name, value, remedy)};
}

Result<unsigned> read_quorum(std::string_view text) {
  if (text.empty()) return 0u;
  unsigned value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || value < 1 || value > quorum_max)
    return bad("approval_quorum", text, fmt::format("is not a number from 1 to {}", quorum_max));
  return value;
}

// "15m", or ISO 8601's "PT15M".
Result<std::optional<std::chrono::milliseconds>> read_ttl(std::string_view text) {
  if (text.empty()) return std::optional<std::chrono::milliseconds>();
  std::string plain(text.starts_with("PT") ? text.substr(2) : text);
  if (plain.size() != text.size())
    std::transform(plain.begin(), plain.end(), plain.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  const auto parsed = parse_duration(plain);
  if (!parsed.ok() || *parsed <= std::chrono::milliseconds(0))
    return bad("approval_ttl", text, "is not a time such as 15m or PT15M");
  return std::optional(*parsed);
}

Result<bool> read_scope(std::string_view text) {
  bool task = false;
  for (const auto& word : listed(text)) {
    if (word != "once" && word != "task") return bad("approval_scope", text, "may say once, or once,task");
    task = task || word == "task";
  }
  return task;
}

}  // namespace

Result<Marks> read_marks(const PolicyInfo& policy) {
  Marks marks;
  marks.approval = policy.annotations.contains("approval");
  for (auto& group : listed(annotation(policy, "approval"))) {
    constexpr std::string_view prefix = "group:";
    marks.groups.push_back(group.starts_with(prefix) ? group.substr(prefix.size()) : std::move(group));
  }
  NG_TRY(marks.quorum, read_quorum(annotation(policy, "approval_quorum")));
  NG_TRY(marks.ttl, read_ttl(annotation(policy, "approval_ttl")));
  NG_TRY(marks.for_task, read_scope(annotation(policy, "approval_scope")));
  marks.reason = annotation(policy, "approval_reason");
  marks.advice = annotation(policy, "advice");
  return marks;
}

}  // namespace narrowgate::policy
