// The YAML we accept, as a tree that remembers where everything stood.
//
// A strict subset: one document; no anchors, aliases, tags or duplicate keys; keys are words. yaml-cpp scans, its events are
// judged here, so nothing is ever expanded or resolved on the way.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/complaint.h"

namespace narrowgate::config {

inline constexpr std::size_t config_bytes_max = 1u << 20;  // a thousand agents fit; a hostile file does not cost memory
inline constexpr std::size_t config_depth_max = 32;        // the schema needs 8
inline constexpr std::size_t config_nodes_max = 200'000;

struct Entry;

struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  Position at;
  std::string text;            // of a scalar
  bool from_variable = false;  // some of `text` was an environment variable's
  bool failed = false;         // was complained about already: readers leave it alone
  std::vector<Node> items;     // of a list
  std::vector<Entry> entries;  // of a map, in the order of the file

  const Node* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Position at;
  Node value;
};

// The document; nullopt when it is not YAML at all. What is wrong is added to `complaints` (without the file's name); what was
// refused is left out or null, so that reading can go on and find the rest.
std::optional<Node> parse_yaml(const std::string& text, std::vector<Complaint>& complaints);

}  // namespace narrowgate::config
