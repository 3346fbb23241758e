// The laws of security-model §5.4, on a million fresh random triples (declared, template, parent) of a small world, each also
// compared at a random point with what the parts permit; some of them at every point. The seed is printed; NARROWGATE_SEED
// repeats a run. Counterexamples are made small by scope_shrink_test.cc.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "grant/scope_testing.h"

namespace narrowgate::grant {
namespace {

using namespace small_world;

#ifdef NG_SANITIZED
constexpr std::size_t kTriples = 50'000;
#else
constexpr std::size_t kTriples = 1'000'000;
#endif
constexpr std::size_t kEveryPointEach = 5'000;  // so many triples share one comparison at every point

std::uint64_t seed() {
  const char* given = std::getenv("NARROWGATE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("NARROWGATE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

struct Triple {
  Scope a, b, c;
  Scope ab = intersect(a, b);
};

std::string describe(const Triple& t) {
  return "\nA:" + in_words(t.a) + "\nB:" + in_words(t.b) + "\nC:" + in_words(t.c) + "\nA and B:" + in_words(t.ab);
}

bool idempotent(const Triple& t) { return intersect(t.a, t.a) == t.a; }
bool commutative(const Triple& t) { return intersect(t.b, t.a) == t.ab; }
bool associative(const Triple& t) { return intersect(t.ab, t.c) == intersect(t.a, intersect(t.b, t.c)); }
bool never_wider(const Triple& t) { return subset(t.ab, t.a) && subset(t.ab, t.b); }
// A child's scope is some request within its parent's: narrower than the parent, whatever was asked.
bool monotone(const Triple& t) {
  auto more = t.a.atoms();
  more.insert(more.end(), t.c.atoms().begin(), t.c.atoms().end());
  const Scope wider(std::move(more));
  return subset(t.a, wider) && subset(t.ab, intersect(wider, t.b));
}
bool permitted(const Scope& scope, const Point& p) { return scope.permits("r", p.effect, p.has_where, p.within); }
bool agrees_at(const Triple& t, const Point& p) { return permitted(t.ab, p) == (permitted(t.a, p) && permitted(t.b, p)); }

TEST(ScopeLaws, HoldForAMillionRandomTriples) {
  std::mt19937_64 random(seed());
  const auto choose = [&](std::size_t n) { return random() % n; };
  for (std::size_t i = 0; i < kTriples; ++i) {
    const Triple t{Scope(atoms_by(choose)), Scope(atoms_by(choose)), Scope(atoms_by(choose))};
    ASSERT_TRUE(idempotent(t)) << describe(t);
    ASSERT_TRUE(commutative(t)) << describe(t);
    ASSERT_TRUE(associative(t)) << describe(t);
    ASSERT_TRUE(never_wider(t)) << describe(t);
    ASSERT_TRUE(monotone(t)) << describe(t);
    ASSERT_TRUE(agrees_at(t, point(choose(points)))) << describe(t);
    if (i % kEveryPointEach != 0) continue;
    const auto a = meaning_of(t.a), b = meaning_of(t.b);
    ASSERT_EQ(meaning_of(t.ab), a & b) << describe(t);
    ASSERT_EQ(subset(t.a.on("r"), t.b), (a & ~b).none()) << describe(t);
  }
}

}  // namespace
}  // namespace narrowgate::grant
