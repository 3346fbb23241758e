// What parses prints as something that parses to the same; nothing crashes.
#include "base/bytes.h"
#include "base/check.h"
#include "grant/scope.h"

extern "C" int LLVMFuzzerTestOneInput(const narrowgate::Byte* data, std::size_t size) {
  using narrowgate::grant::ObjectPattern;
  const auto pattern = ObjectPattern::parse(narrowgate::as_text({data, size}));
  if (!pattern.ok()) return 0;
  const auto again = ObjectPattern::parse(pattern->to_string());
  NG_CHECK(again.ok() && *again == *pattern);
  NG_CHECK(subset(*pattern, *pattern));
  const auto same = intersect(*pattern, *pattern);
  NG_CHECK(same && *same == *pattern);
  return 0;
}
