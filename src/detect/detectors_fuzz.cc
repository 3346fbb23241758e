// Whatever the value: what is left holds nothing that is found, and the counts are of what went.
#include "detect/detectors.h"

namespace {

using namespace narrowgate;
using namespace narrowgate::detect;

std::shared_ptr<const Detectors> all_of_them() {
  std::vector<std::string> names;
  for (const Entity& one : entities()) names.emplace_back(one.name);
  return Detectors::compile(names).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const Detectors> detectors = all_of_them();
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  Counts counts;
  const auto cleaned = detectors->clean(value, counts);
  if (!cleaned) NG_CHECK(counts.empty());
  else NG_CHECK(cleaned->null || detectors->holds_mark(cleaned->text));
  (void)detectors->clean_binary(value, counts);
  return 0;
}
