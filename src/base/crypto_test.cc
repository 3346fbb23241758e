#include "base/crypto.h"

#include <gtest/gtest.h>

namespace narrowgate {
namespace {

TEST(Crypto, GivesPublishedVectors) {
  EXPECT_EQ(sha256_hex("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // RFC 7914, section 11.
  EXPECT_EQ(to_hex(pbkdf2_sha256("passwd", as_bytes("salt"), 1)),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Crypto, RandomTokensDiffer) { EXPECT_NE(random_token(32), random_token(32)); }

}  // namespace
}  // namespace narrowgate
