#include "detect/detectors.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include <algorithm>

#include "base/bytes.h"

namespace narrowgate::detect {
namespace {

constexpr std::string_view kMark = "[masked:";

// Each thread needs a scratch space of its own, big enough for whatever it is used with.
class Scratch {
 public:
  ~Scratch() {
    if (scratch_ != nullptr) hs_free_scratch(scratch_);
  }
  hs_scratch_t* fit_for(const hs_database_t* database) {
    if (database == last_) return scratch_;
    if (hs_alloc_scratch(database, &scratch_) != HS_SUCCESS) return nullptr;
    last_ = database;
    return scratch_;
  }

 private:
  hs_scratch_t* scratch_ = nullptr;
  const hs_database_t* last_ = nullptr;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// It may be a number, in the place of which no text can stand.
bool may_be_number(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return is_digit(c) || c == '-' || c == '.'; });
}

bool is_word(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

// What a match begins with may be a word before the real one: only the leftmost beginning is told of each end.
bool confirm(const Entity& entity, std::string_view value, std::size_t& begin, std::size_t end) {
  for (std::size_t at = begin; at < end; ++at) {
    const bool starts = at == begin || !is_word(value[at - 1]);
    if (!starts || !entity.check(value.substr(at, end - at))) continue;
    begin = at;
    return true;
  }
  return false;
}

bool is_printable(std::string_view value) {
  const auto control = [](char c) { return (c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f; };
  return is_utf8(value) && std::none_of(value.begin(), value.end(), control);
}

}  // namespace

struct Detectors::Program {
  hs_database_t* database = nullptr;
  ~Program() { hs_free_database(database); }
};

Detectors::Detectors(std::vector<const Entity*> looked_for, std::vector<std::string> names)
    : looked_for_(std::move(looked_for)), names_(std::move(names)), program_(std::make_unique<Program>()) {}
Detectors::~Detectors() = default;

Result<std::shared_ptr<const Detectors>> Detectors::compile(const std::vector<std::string>& names) {
  std::vector<const Entity*> looked_for;
  for (const std::string& name : names) {
    const Entity* entity = find_entity(name);
    if (entity == nullptr) return Error{Code::malformed, Blame::gateway, fmt::format("nothing called {} can be detected", name)};
    looked_for.push_back(entity);
  }
  std::shared_ptr<Detectors> out(new Detectors(std::move(looked_for), names));
  std::vector<std::string> texts;
  for (const Entity* one : out->looked_for_) texts.emplace_back(one->pattern);
  std::vector<const char*> patterns;
  std::vector<unsigned> flags, ids;
  for (unsigned i = 0; i < texts.size(); ++i) {
    patterns.push_back(texts[i].c_str());
    flags.push_back(HS_FLAG_SOM_LEFTMOST);
    ids.push_back(i);
  }
  hs_compile_error_t* failed = nullptr;
  const hs_error_t compiled = hs_compile_multi(patterns.data(), flags.data(), ids.data(), unsigned(patterns.size()),
                                               HS_MODE_BLOCK, nullptr, &out->program_->database, &failed);
  if (compiled == HS_SUCCESS) return std::shared_ptr<const Detectors>(std::move(out));
  const std::string why = failed == nullptr ? "unknown" : failed->message;
  hs_free_compile_error(failed);
  return Error{Code::bug, Blame::gateway, fmt::format("detectors: {}", why)};
}

bool Detectors::find(std::string_view value, std::vector<Find>& out) const {
  thread_local Scratch scratch;
  hs_scratch_t* const space = scratch.fit_for(program_->database);
  if (space == nullptr || value.size() > std::numeric_limits<unsigned>::max()) return false;
  struct Gathered {
    std::vector<Find>& finds;
    bool too_many = false;
  } gathered{out};
  const auto take = [](unsigned id, unsigned long long from, unsigned long long to, unsigned, void* context) {
    auto& to_gather = *static_cast<Gathered*>(context);
    if (to_gather.finds.size() == candidates_max) return to_gather.too_many = true, 1;
    to_gather.finds.push_back({std::size_t(from), std::size_t(to), id});
    return 0;
  };
  const hs_error_t scanned = hs_scan(program_->database, value.data(), unsigned(value.size()), 0, space, take, &gathered);
  if (gathered.too_many || (scanned != HS_SUCCESS && scanned != HS_SCAN_TERMINATED)) return false;
  // The longest first of what begins at the same place; what fails its check stands in nobody's way.
  std::sort(out.begin(), out.end(),
            [](const Find& a, const Find& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
  std::vector<Find> settled;
  for (Find& one : out) {
    if (!confirm(*looked_for_[one.entity], value, one.begin, one.end)) continue;
    if (settled.empty() || one.begin >= settled.back().end) settled.push_back(one);
    else settled.back().end = std::max(settled.back().end, one.end);
  }
  out = std::move(settled);
  return true;
}

std::optional<Detectors::Cleaned> Detectors::clean(std::string_view value, Counts& counts) const {
  std::vector<Find> finds;
  if (!find(value, finds)) return Cleaned{true, {}};
  if (finds.empty()) return std::nullopt;
  counts.resize(names_.size());
  for (const Find& one : finds) ++counts[one.entity];
  if (may_be_number(value)) return Cleaned{true, {}};
  // JSON has numbers without quotes; a mask in the place of one needs them.
  const bool structured = value.front() == '{' || value.front() == '[';
  Cleaned out;
  std::size_t at = 0;
  for (const Find& one : finds) {
    out.text += value.substr(at, one.begin - at);
    const char before = one.begin == 0 ? '"' : value[one.begin - 1];
    const bool quote = structured && may_be_number(value.substr(one.begin, one.end - one.begin)) &&
                       (before == ':' || before == ' ' || before == ',' || before == '[' || before == '{');
    out.text += fmt::format("{0}{1}{2}]{0}", quote ? "\"" : "", kMark, names_[one.entity]);
    at = one.end;
  }
  out.text += value.substr(at);
  return out;
}

std::optional<Detectors::Cleaned> Detectors::clean_binary(std::string_view value, Counts& counts) const {
  // jsonb is its version and then text.
  const bool jsonb = value.size() > 1 && value.front() == '\1' && is_printable(value.substr(1));
  auto cleaned = clean(jsonb ? value.substr(1) : value, counts);
  if (!cleaned) return std::nullopt;
  if (!jsonb && !is_printable(value)) return Cleaned{true, {}};
  if (jsonb) cleaned->text.insert(0, 1, '\1');
  return cleaned;
}

bool Detectors::holds_mark(std::string_view value) const {
  for (std::size_t at = value.find(kMark); at != std::string_view::npos; at = value.find(kMark, at + 1)) {
    const std::string_view rest = value.substr(at + kMark.size());
    const auto marks = [&](const std::string& name) {
      return rest.starts_with(name) && rest.substr(name.size()).starts_with(']');
    };
    if (std::any_of(names_.begin(), names_.end(), marks)) return true;
  }
  return false;
}

}  // namespace narrowgate::detect
