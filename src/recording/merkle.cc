#define OPENSSL_SUPPRESS_DEPRECATED  // Two hashes per record: EVP's bookkeeping would cost more than the hashing.
#include "recording/merkle.h"

#include <openssl/sha.h>

#include <bit>

#include "base/check.h"

namespace narrowgate::recording {
namespace {

Digest tagged(Byte tag, ByteView a, ByteView b) {
  SHA256_CTX hash;
  Digest out;
  SHA256_Init(&hash);
  SHA256_Update(&hash, &tag, 1), SHA256_Update(&hash, a.data(), a.size()), SHA256_Update(&hash, b.data(), b.size());
  SHA256_Final(out.data(), &hash);
  return out;
}

// The largest power of two smaller than n (n ≥ 2): where RFC 9162 splits a tree.
std::uint64_t split(std::uint64_t n) { return std::bit_floor(n - 1); }

Digest fold(const std::vector<Digest>& frontier) {
  if (frontier.empty()) return sha256(std::string_view{});
  Digest root = frontier.back();
  for (std::size_t i = frontier.size() - 1; i-- > 0;) root = node_hash(frontier[i], root);
  return root;
}

void consistency_path(std::span<const Digest> leaves, std::uint64_t first, bool known, std::vector<Digest>& out) {
  if (first == leaves.size()) {
    if (!known) out.push_back(root_of(leaves));
    return;
  }
  const auto k = split(leaves.size());
  if (first <= k) {
    consistency_path(leaves.first(k), first, known, out);
    out.push_back(root_of(leaves.subspan(k)));
  } else {
    consistency_path(leaves.subspan(k), first - k, false, out);
    out.push_back(root_of(leaves.first(k)));
  }
}

}  // namespace

Digest leaf_hash(ByteView record) { return tagged(0, record, {}); }

Digest node_hash(const Digest& left, const Digest& right) { return tagged(1, left, right); }

Result<MerkleTree> MerkleTree::from_frontier(std::uint64_t size, std::vector<Digest> frontier) {
  if (frontier.size() != std::size_t(std::popcount(size)))
    return Error{Code::malformed, Blame::gateway, "Merkle frontier does not fit its tree size"};
  MerkleTree tree;
  tree.size_ = size;
  tree.frontier_ = std::move(frontier);
  return tree;
}

void MerkleTree::append(const Digest& leaf) {
  frontier_.push_back(leaf);
  // Each trailing one bit of the old size is a perfect subtree that is now paired.
  for (std::uint64_t s = size_; s & 1; s >>= 1) {
    const Digest right = frontier_.back();
    frontier_.pop_back();
    frontier_.back() = node_hash(frontier_.back(), right);
  }
  ++size_;
}

Digest MerkleTree::root() const { return fold(frontier_); }

Digest root_of(std::span<const Digest> leaves) {
  MerkleTree tree;
  for (const Digest& leaf : leaves) tree.append(leaf);
  return tree.root();
}

std::vector<Digest> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index) {
  NG_CHECK(index < leaves.size());
  std::vector<Digest> siblings;  // from the root down
  while (leaves.size() > 1) {
    const auto k = split(leaves.size());
    const bool left = index < k;
    siblings.push_back(root_of(left ? leaves.subspan(k) : leaves.first(k)));
    leaves = left ? leaves.first(k) : leaves.subspan(k);
    if (!left) index -= k;
  }
  return {siblings.rbegin(), siblings.rend()};
}

// RFC 9162 §2.1.3.2
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> proof,
                      const Digest& root) {
  if (index >= size) return false;
  std::uint64_t fn = index, sn = size - 1;
  Digest r = leaf;
  for (const Digest& p : proof) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      r = node_hash(p, r);
      while (!(fn & 1) && fn != 0) fn >>= 1, sn >>= 1;
    } else {
      r = node_hash(r, p);
    }
    fn >>= 1, sn >>= 1;
  }
  return sn == 0 && r == root;
}

std::vector<Digest> consistency_proof(std::span<const Digest> leaves, std::uint64_t first) {
  NG_CHECK(first <= leaves.size());
  std::vector<Digest> proof;
  if (first > 0 && first < leaves.size()) consistency_path(leaves, first, true, proof);
  return proof;
}

// RFC 9162 §2.1.4.2
bool verify_consistency(std::uint64_t first, std::uint64_t second, const Digest& first_root, const Digest& second_root,
                        std::span<const Digest> proof) {
  if (first > second) return false;
  if (first == 0) return proof.empty();
  if (first == second) return proof.empty() && first_root == second_root;
  std::vector<Digest> path(proof.begin(), proof.end());
  if (std::has_single_bit(first)) path.insert(path.begin(), first_root);
  if (path.empty()) return false;
  std::uint64_t fn = first - 1, sn = second - 1;
  while (fn & 1) fn >>= 1, sn >>= 1;
  Digest fr = path[0], sr = path[0];
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      fr = node_hash(path[i], fr), sr = node_hash(path[i], sr);
      while (!(fn & 1) && fn != 0) fn >>= 1, sn >>= 1;
    } else {
      sr = node_hash(sr, path[i]);
    }
    fn >>= 1, sn >>= 1;
  }
  return sn == 0 && fr == first_root && sr == second_root;
}

}  // namespace narrowgate::recording
