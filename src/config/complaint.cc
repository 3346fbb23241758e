#include "config/complaint.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/bytes.h"

namespace narrowgate::config {
namespace {

// Optimal string alignment: insertions, deletions, substitutions and swapped neighbours count one each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t(0));
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t same = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + same});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last[b.size()];
}

constexpr std::size_t word_bytes_max = 64;  // longer words are no slip of ours
constexpr std::size_t listed_max = 12;

}  // namespace

std::string to_string(const Complaint& complaint) {
  std::string out = complaint.file;
  if (complaint.at.line > 0) out += fmt::format(":{}:{}", complaint.at.line, complaint.at.column);
  out += ": ";
  if (!complaint.thing.empty()) out += complaint.thing + " ";
  out += complaint.fault;
  if (!complaint.remedy.empty()) out += "; " + complaint.remedy;
  return visible(out);
}

std::string to_string(const std::vector<Complaint>& complaints) {
  std::string out;
  for (const auto& complaint : complaints) out += to_string(complaint) + "\n";
  return out;
}

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > word_bytes_max) return {};
  std::string_view best;
  std::size_t best_distance = std::min<std::size_t>(word.size() / 3 + 1, 3) + 1;
  for (const auto candidate : candidates) {
    if (candidate.size() > word_bytes_max) continue;
    const auto d = distance(word, candidate);
    if (d < best_distance && d < candidate.size()) best = candidate, best_distance = d;
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (const auto near = closest(word, candidates); !near.empty()) return fmt::format("did you mean {}?", near);
  if (candidates.empty()) return "there are none";
  const bool cut = candidates.size() > listed_max;
  std::string out = candidates.size() == 1 ? "known is " : "known are ";
  for (std::size_t i = 0; i < std::min(candidates.size(), listed_max); ++i) {
    if (i) out += i + 1 == candidates.size() ? " and " : ", ";
    out += candidates[i];
  }
  return cut ? out + ", …" : out;
}

}  // namespace narrowgate::config
