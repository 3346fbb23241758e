#include "recording/merkle.h"

#include <gtest/gtest.h>

#include <string>

namespace narrowgate::recording {
namespace {

std::vector<Digest> leaves_of(int count) {
  std::vector<Digest> leaves;
  for (int i = 0; i < count; ++i) leaves.push_back(leaf_hash(as_bytes("record " + std::to_string(i))));
  return leaves;
}

TEST(Merkle, AgreesWithThePublishedVector) {
  const auto a = leaf_hash(as_bytes("a")), b = leaf_hash(as_bytes("b"));
  EXPECT_EQ(to_hex(a), "022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c");
  EXPECT_EQ(to_hex(b), "57eb35615d47f34ec714cacdf5fd74608a5e8e102724e80b24b287c0c27b6a31");
  EXPECT_EQ(to_hex(node_hash(a, b)), "b137985ff484fb600db93107c77b0365c80d78f5b429ded0fd97361d077999eb");
  EXPECT_EQ(to_hex(MerkleTree().root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// The eight leaves and the roots used by Certificate Transparency implementations to check one another.
TEST(Merkle, AgreesWithTheCertificateTransparencyVectors) {
  const char* inputs[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleTree tree;
  for (int i = 0; i < 8; ++i) {
    tree.append(leaf_hash(*from_hex(inputs[i])));
    EXPECT_EQ(to_hex(tree.root()), roots[i]) << i;
  }
}

TEST(Merkle, AFrontierContinuesTheTreeItCameFrom) {
  const auto leaves = leaves_of(70);
  MerkleTree whole;
  for (int i = 0; i < 70; ++i) {
    auto again = MerkleTree::from_frontier(whole.size(), whole.frontier());
    ASSERT_TRUE(again.ok());
    whole.append(leaves[i]);
    again->append(leaves[i]);
    EXPECT_EQ(whole.root(), again->root());
    EXPECT_EQ(whole.root(), root_of(std::span(leaves).first(i + 1)));
  }
  EXPECT_FALSE(MerkleTree::from_frontier(3, {leaves[0]}).ok());
}

TEST(Merkle, EveryLeafOfEveryTreeUpTo40HasAProofAndNoOtherLeafHasIt) {
  for (int size = 1; size <= 40; ++size) {
    const auto leaves = leaves_of(size);
    const auto root = root_of(leaves);
    for (int i = 0; i < size; ++i) {
      auto proof = inclusion_proof(leaves, i);
      EXPECT_TRUE(verify_inclusion(leaves[i], i, size, proof, root));
      EXPECT_FALSE(verify_inclusion(leaves[i], (i + 1) % size, size, proof, root) && size > 1);
      EXPECT_FALSE(verify_inclusion(leaves[(i + 1) % size], i, size, proof, root) && size > 1);
      EXPECT_FALSE(verify_inclusion(leaves[i], size, size, proof, root));
      if (proof.empty()) continue;
      proof[i % proof.size()][3] ^= 1;
      EXPECT_FALSE(verify_inclusion(leaves[i], i, size, proof, root));
      proof.pop_back();
      EXPECT_FALSE(verify_inclusion(leaves[i], i, size, proof, root));
    }
  }
}

TEST(Merkle, EveryPrefixIsConsistentAndAChangedOneIsNot) {
  for (int second = 1; second <= 33; ++second) {
    const auto leaves = leaves_of(second);
    const auto root = root_of(leaves);
    for (int first = 1; first <= second; ++first) {
      const auto before = root_of(std::span(leaves).first(first));
      auto proof = consistency_proof(leaves, first);
      EXPECT_TRUE(verify_consistency(first, second, before, root, proof)) << first << " of " << second;
      auto other = before;
      other[0] ^= 1;
      EXPECT_FALSE(verify_consistency(first, second, other, root, proof));
      EXPECT_FALSE(verify_consistency(first, second, before, other, proof));
      if (proof.empty()) continue;
      proof.back()[9] ^= 4;
      EXPECT_FALSE(verify_consistency(first, second, before, root, proof));
    }
  }
}

}  // namespace
}  // namespace narrowgate::recording
