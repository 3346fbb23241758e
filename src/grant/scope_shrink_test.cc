// The same laws as scope_laws_test.cc by rapidcheck, which takes few cases but makes a counterexample small.
#include <gtest/gtest.h>
// After gtest.
#include <rapidcheck/gtest.h>

#include "grant/scope_testing.h"

namespace rc {
template <>
struct Arbitrary<narrowgate::grant::Scope> {
  static Gen<narrowgate::grant::Scope> arbitrary() {
    return gen::exec([] {
      return narrowgate::grant::Scope(
          narrowgate::grant::small_world::atoms_by([](std::size_t n) { return *gen::inRange<std::size_t>(0, n); }));
    });
  }
};
}  // namespace rc

namespace narrowgate::grant {
void showValue(const Scope& scope, std::ostream& out) { out << small_world::in_words(scope); }

namespace {

using small_world::meaning_of;

RC_GTEST_PROP(ScopeShrink, IntersectionIsThatOfThePoints, (const Scope& a, const Scope& b)) {
  RC_ASSERT((meaning_of(intersect(a, b)) == (meaning_of(a) & meaning_of(b))));
}

RC_GTEST_PROP(ScopeShrink, SubsetIsThatOfThePoints, (const Scope& a, const Scope& b)) {
  RC_ASSERT(subset(a.on("r"), b) == (meaning_of(a) & ~meaning_of(b)).none());
}

RC_GTEST_PROP(ScopeShrink, IntersectionIsAssociative, (const Scope& a, const Scope& b, const Scope& c)) {
  RC_ASSERT(intersect(intersect(a, b), c) == intersect(a, intersect(b, c)));
}

RC_GTEST_PROP(ScopeShrink, CoverGivesLimitsThatArePermittedAndNoneIsWider, (const Scope& scope)) {
  for (std::size_t n = 0; n < small_world::points; n += 7) {
    const auto p = small_world::point(n);
    const auto limits = scope.covers("r", p.effect, p.has_where);
    const bool permitted = scope.permits("r", p.effect, p.has_where, p.within);
    RC_ASSERT(!permitted || limits.has_value());
    if (!limits) continue;
    RC_ASSERT(scope.permits("r", p.effect, p.has_where, *limits));
    RC_ASSERT(!permitted || p.within == *limits || !within(*limits, p.within));
  }
}

}  // namespace
}  // namespace narrowgate::grant
