// The Merkle tree of RFC 6962 / RFC 9162: what makes the log provable.
//
//   leaf = SHA-256(0x00 ‖ record)   node = SHA-256(0x01 ‖ left ‖ right)   empty tree = SHA-256("")
//
// Promises: MerkleTree holds only the frontier (at most 64 hashes), so appending costs the same after a billion records.
// Proofs need the leaf hashes; the reader recomputes them from the segments. Spec: RFC 9162 §2.1.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/crypto.h"

namespace narrowgate::recording {

Digest leaf_hash(ByteView record);
Digest node_hash(const Digest& left, const Digest& right);

class MerkleTree {
 public:
  MerkleTree() = default;
  // From a stored frontier: the roots of the perfect subtrees of `size`, widest first. Malformed if their number is wrong.
  static Result<MerkleTree> from_frontier(std::uint64_t size, std::vector<Digest> frontier);

  void append(const Digest& leaf);
  std::uint64_t size() const { return size_; }
  Digest root() const;
  const std::vector<Digest>& frontier() const { return frontier_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> frontier_;
};

Digest root_of(std::span<const Digest> leaves);
// The path from leaf `index` to the root of all `leaves`.
std::vector<Digest> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index);
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> proof,
                      const Digest& root);
// That the tree of all `leaves` extends the tree of the first `first` of them.
std::vector<Digest> consistency_proof(std::span<const Digest> leaves, std::uint64_t first);
bool verify_consistency(std::uint64_t first, std::uint64_t second, const Digest& first_root, const Digest& second_root,
                        std::span<const Digest> proof);

}  // namespace narrowgate::recording
