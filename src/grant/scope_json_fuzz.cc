// A scope that reads is written as something that reads the same.
#include "base/bytes.h"
#include "base/check.h"
#include "grant/scope_json.h"

extern "C" int LLVMFuzzerTestOneInput(const narrowgate::Byte* data, std::size_t size) {
  using namespace narrowgate::grant;
  if (size > 4'096) return 0;
  const auto scope = scope_from_text(narrowgate::as_text({data, size}));
  if (!scope.ok()) return 0;
  const auto again = scope_from_json(to_json(*scope));
  NG_CHECK(again.ok() && *again == *scope);
  NG_CHECK(subset(*scope, *scope));
  return 0;
}
