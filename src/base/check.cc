#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace narrowgate {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "narrowgate: bug: %s does not hold at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace narrowgate
