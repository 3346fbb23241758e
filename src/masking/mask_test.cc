#include "masking/mask.h"

#include <gtest/gtest.h>

namespace narrowgate::masking {
namespace {

Masks masks(Byte filled) { return Masks(Key(Bytes(32, filled))); }

TEST(Mask, HoldsNoMoreThanItsKindSays) {
  const Masks ours = masks(1);
  EXPECT_EQ(ours.mask(Kind::null, "pii", "123-45-6789"), std::nullopt);
  EXPECT_EQ(ours.mask(Kind::fixed, "pii", "123-45-6789"), "[masked]");
  EXPECT_EQ(ours.mask(Kind::partial, "pii", "123-45-6789"), "****6789");
  EXPECT_EQ(ours.mask(Kind::token, "pii", "123-45-6789")->find("6789"), std::string::npos);
}

TEST(Mask, ShowsNothingOfShortValuesNorOfThoseWhoseCharactersItCannotCount) {
  const Masks ours = masks(1);
  for (const char* value : {"", "1", "1234", "1234567", "Zürich-Nord", "ключи-ключи", "ab\ncdefghij"})
    EXPECT_EQ(ours.mask(Kind::partial, "pii", value), "****") << value;
}

TEST(Mask, TokensOfEqualValuesAreEqualAndOfOthersAreNot) {
  const Masks ours = masks(1);
  const auto token = [&](std::string_view label, std::string_view value) { return *ours.mask(Kind::token, label, value); };
  EXPECT_EQ(token("email", "ada@example.org"), token("email", "ada@example.org"));
  EXPECT_NE(token("email", "ada@example.org"), token("email", "Ada@example.org"));
  EXPECT_NE(token("email", "1"), token("phone", "1")) << "classes do not mix";
  EXPECT_NE(token("ab", "c"), token("a", "bc"));
  EXPECT_NE(token("email", "1"), *masks(2).mask(Kind::token, "email", "1")) << "another key, other tokens";
  EXPECT_EQ(token("email", "").size(), 32u);
}

TEST(Mask, KnowsItsOwnAgain) {
  const Masks ours = masks(1);
  for (const Kind kind : {Kind::fixed, Kind::partial, Kind::token})
    for (const char* value : {"", "short", "123-45-6789", "ada@example.org"})
      EXPECT_TRUE(ours.is_mask(*ours.mask(kind, "pii", value))) << int(kind) << " " << value;
  const std::string foreign = *masks(2).mask(Kind::token, "pii", "x");
  for (const std::string& value :
       {std::string("tok_abc"), foreign, std::string("masked"), std::string("*** star ***"), std::string()})
    EXPECT_FALSE(ours.is_mask(value)) << value;
}

}  // namespace
}  // namespace narrowgate::masking
