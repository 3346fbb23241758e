#include "recording/checkpoint.h"

#include <gtest/gtest.h>

#include "recording/merkle.h"

namespace narrowgate::recording {
namespace {

constexpr const char* vector_note =
    "audit.agw.example/prod-1\n2\nsTeYX/SE+2ANuTEHx3sDZcgNePW0Kd7Q/Zc2HQd5mes=\n\n\xe2\x80\x94 audit.agw.example/prod-1 "
    "PE6weq+271jhrstoV52ysCHuFauZX5VF2cWtveubUFmPeJLbM3Jtwn6gLnFu+4JseyNr562kGLFAgbYmjhdmoSItdAU=\n";
constexpr const char* vector_vkey = "audit.agw.example/prod-1+3c4eb07a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

Signer vector_signer() {
  Bytes seed(32);
  for (int i = 0; i < 32; ++i) seed[i] = Byte(i);
  return Signer::from_seed("audit.agw.example/prod-1", Secret<Bytes>(seed)).take();
}

Checkpoint vector_checkpoint() {
  return {"audit.agw.example/prod-1", 2, node_hash(leaf_hash(as_bytes("a")), leaf_hash(as_bytes("b")))};
}

TEST(Checkpoint, IsByteForByteThePublishedVector) {
  const auto signer = vector_signer();
  EXPECT_EQ(signer.verifier().vkey(), vector_vkey);
  EXPECT_EQ(signer.sign(vector_checkpoint()), vector_note);
}

TEST(Checkpoint, OpensForWhoeverHoldsTheVerificationKey) {
  const auto verifier = Verifier::parse(vector_vkey);
  ASSERT_TRUE(verifier.ok());
  const auto opened = verifier->open(vector_note);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(*opened, vector_checkpoint());
}

TEST(Checkpoint, CarriesWitnessSignaturesAfterOurs) {
  const auto verifier = Verifier::parse(vector_vkey);
  EXPECT_TRUE(verifier->open(std::string(vector_note) + "\xe2\x80\x94 witness.example AAAA\n").ok());
  EXPECT_FALSE(verifier->open(std::string(vector_note) + "hello\n").ok());
  EXPECT_FALSE(verifier->open(std::string(vector_note) + "\n").ok());
}

TEST(Checkpoint, EveryFlippedBitOfTheNoteShows) {
  const auto verifier = Verifier::parse(vector_vkey);
  const std::string note = vector_note;
  for (std::size_t at = 0; at < note.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = note;
      changed[at] = char(changed[at] ^ (1 << bit));
      EXPECT_FALSE(verifier->open(changed).ok()) << at << "." << bit;
    }
}

TEST(Checkpoint, EveryShorterNoteIsRefused) {
  const auto verifier = Verifier::parse(vector_vkey);
  const std::string note = vector_note;
  for (std::size_t size = 0; size < note.size(); ++size) EXPECT_FALSE(verifier->open(note.substr(0, size)).ok()) << size;
}

TEST(Checkpoint, EveryFlippedBitOfAKeyShows) {
  const auto signer = Signer::create("log.example").take();
  for (const bool secret : {false, true}) {
    const std::string key = secret ? signer.skey().expose() : signer.verifier().vkey();  // a key made for this test
    for (std::size_t at = 0; at < key.size(); ++at)
      for (int bit = 0; bit < 8; ++bit) {
        auto changed = key;
        changed[at] = char(changed[at] ^ (1 << bit));
        EXPECT_FALSE(secret ? Signer::parse(changed).ok() : Verifier::parse(changed).ok()) << at << "." << bit;
      }
  }
}

TEST(Checkpoint, AKeyComesBackFromItsFileSpelling) {
  const auto signer = Signer::create("log.example").take();
  const auto again = Signer::parse(signer.skey().expose());  // what log.key holds
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->verifier().vkey(), signer.verifier().vkey());
  EXPECT_EQ(again->derive("x"), signer.derive("x"));
  EXPECT_NE(again->derive("x"), again->derive("y"));
}

TEST(Checkpoint, ALogNameThatCouldNotBeSplitBackIsRefused) {
  for (const char* name : {"", "a b", "a+b", "a\nb", "\xff"}) EXPECT_FALSE(Signer::create(name).ok()) << name;
}

TEST(Checkpoint, AnotherLogsSignatureIsNotOurs) {
  const auto other = Signer::create("audit.agw.example/prod-1").take();
  EXPECT_FALSE(other.verifier().open(vector_note).ok());
}

}  // namespace
}  // namespace narrowgate::recording
