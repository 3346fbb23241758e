// Any text as a policy file: a set or complaints, never neither and never a crash.
#include "base/check.h"
#include "policy/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narrowgate::policy;
  const auto result = load({{"fuzz.cedar", std::string(reinterpret_cast<const char*>(data), size)}});
  NG_CHECK((result.set == nullptr) == !result.errors.empty());
  for (const auto& complaint : result.errors) NG_CHECK(!to_string(complaint).empty());
  return 0;
}
