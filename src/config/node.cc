#include "config/node.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <optional>
#include <set>
#include <sstream>

#include "base/bytes.h"

namespace narrowgate::config {
namespace {

Position position(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Leaves the scanner, which has no other way out. Never leaves this file.
struct GiveUp {
  Complaint complaint;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::vector<Complaint>& complaints) : complaints_(complaints) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    complain(mark, fmt::format("anchor &{} is not supported here", name), "write the value out where it is needed");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    complain(mark, "an alias (*name) is not supported here", "write the value out");
    put(node(Node::Kind::null, mark));
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { put(node(Node::Kind::null, mark)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    check_tag(mark, tag);
    auto scalar = node(Node::Kind::scalar, mark);
    scalar.text = value;
    put(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(node(Node::Kind::list, mark));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(node(Node::Kind::map, mark));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    std::set<std::string> keys;
    std::optional<Entry> pending;  // a key that waits for its value
    bool skip_value = false;       // its key was refused
  };

  Node node(Node::Kind kind, const YAML::Mark& mark) {
    if (++nodes_ > config_nodes_max) throw GiveUp{{{}, position(mark), {}, "has too many values", "split the configuration"}};
    Node made;
    made.kind = kind;
    made.at = position(mark);
    return made;
  }
  void complain(const YAML::Mark& mark, std::string fault, std::string remedy) {
    complaints_.push_back({{}, position(mark), {}, std::move(fault), std::move(remedy)});
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    complain(mark, fmt::format("tag {} is not supported here", tag), "leave it out");
  }
  void open(Node node) {
    if (open_.size() >= config_depth_max) throw GiveUp{{{}, node.at, {}, "is nested too deeply", "no option needs this depth"}};
    open_.push_back({std::move(node), {}, {}, false});
  }
  void close() {
    Node done = std::move(open_.back().node);
    open_.pop_back();
    put(std::move(done));
  }
  void put(Node value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    auto& top = open_.back();
    if (top.node.kind == Node::Kind::list) {
      top.node.items.push_back(std::move(value));
    } else if (top.pending) {
      put_value(top, std::move(value));
    } else {
      put_key(top, std::move(value));
    }
  }
  void put_key(Open& top, Node key) {
    top.skip_value = true;
    if (key.kind != Node::Kind::scalar || key.text.empty()) {
      complaints_.push_back({{}, key.at, {}, "a key must be one word", "write `name: value`"});
    } else if (!top.keys.insert(key.text).second) {
      complaints_.push_back({{}, key.at, key.text, "is given twice", "keep one of the two"});
    } else {
      top.skip_value = false;
    }
    top.pending = Entry{std::move(key.text), key.at, {}};
  }
  void put_value(Open& top, Node value) {
    Entry entry = std::move(*top.pending);
    top.pending.reset();
    if (top.skip_value) return;
    entry.value = std::move(value);
    if (entry.value.kind == Node::Kind::null) entry.value.at = entry.at;  // the scanner names the place after it
    top.node.entries.push_back(std::move(entry));
  }

  std::vector<Complaint>& complaints_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
  Node root_;
};

std::string remedy_for(const std::string& text, int line) {
  std::istringstream lines(text);
  std::string at_line;
  for (int i = 0; i < line && std::getline(lines, at_line); ++i) {}
  if (at_line.find("${") != std::string::npos && at_line.find('{') != at_line.find("${") + 1)
    return "inside { } or [ ] write variables in quotes: \"${NAME}\"";
  if (at_line.find('\t') != std::string::npos) return "indent with spaces, not tabs";
  return "correct the YAML there";
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

std::optional<Node> parse_yaml(const std::string& text, std::vector<Complaint>& complaints) {
  const auto refuse = [&](std::string fault, std::string remedy) {
    complaints.push_back({{}, {}, {}, std::move(fault), std::move(remedy)});
    return std::optional<Node>();
  };
  if (text.size() > config_bytes_max) return refuse("is longer than 1 MiB", "split it, or look whether it is the right file");
  if (!is_utf8(text) || text.find('\0') != std::string::npos) return refuse("is not UTF-8 text", "save it as UTF-8");

  TreeBuilder builder(complaints);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
    Node root = builder.take();
    TreeBuilder second(complaints);
    if (parser.HandleNextDocument(second))
      return refuse("holds more than one document", "remove everything after the second ---");
    return root;
  } catch (const GiveUp& stop) {
    complaints.push_back(stop.complaint);
  } catch (const YAML::Exception& e) {
    complaints.push_back({{}, position(e.mark), {}, fmt::format("is not YAML: {}", e.msg), remedy_for(text, e.mark.line + 1)});
  } catch (const std::exception& e) {
    return refuse(fmt::format("is not YAML: {}", e.what()), "correct the YAML");
  }
  return std::nullopt;
}

}  // namespace narrowgate::config
