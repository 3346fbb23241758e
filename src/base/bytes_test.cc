#include "base/bytes.h"

#include <gtest/gtest.h>

namespace narrowgate {
namespace {

TEST(Base64, GivesTheVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    EXPECT_EQ(as_text(*from_base64(coded)), plain);
  }
}

TEST(Base64, RefusesWhatAnotherReaderMightTakeForSomethingElse) {
  for (const auto* text : {"Zg", "Zg=", "Zh==", "Zm9v\n", "Zm 9v", "Zm9v====", "Zg==Zg==", "-_=="})
    EXPECT_FALSE(from_base64(text).ok()) << text;
}

TEST(Base64Url, IsUnpaddedAndUsesItsOwnAlphabet) {
  EXPECT_EQ(to_base64url(Bytes{0xFB, 0xFF}), "-_8");
  EXPECT_EQ(*from_base64url("-_8"), (Bytes{0xFB, 0xFF}));
  EXPECT_FALSE(from_base64url("+/8").ok());
}

TEST(Hex, RoundTripsAndRefusesOddLengths) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0x0F, 0xA5}), "000fa5");
  EXPECT_EQ(*from_hex("000FA5"), (Bytes{0x00, 0x0F, 0xA5}));
  EXPECT_FALSE(from_hex("abc").ok());
  EXPECT_FALSE(from_hex("zz").ok());
}

TEST(Utf8, RefusesOverlongSurrogatesAndCutSequences) {
  EXPECT_TRUE(is_utf8("Zürich 東京 🚪"));
  for (const auto* text : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3", "\x80"})
    EXPECT_FALSE(is_utf8(text));
}

TEST(Visible, ShowsWhatWouldHideOrReorderText) {
  EXPECT_EQ(visible("a\u202Eb\u200Bc\x01\xFF"), "a\\u{202e}b\\u{200b}c\\u{1}\\x{ff}");
  EXPECT_EQ(visible("Zürich\n\t東京"), "Zürich\n\t東京");
}

}  // namespace
}  // namespace narrowgate
