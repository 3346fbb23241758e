// How values are written in the configuration: each Form reads one kind, shows a default, and describes itself.
//
// A Form is a value; sections are made of options, lists of items, and so up to the whole file (schema.cc). The same description
// feeds the reader, docs/configuration.md and the JSON Schema, so that the three cannot disagree.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/load.h"
#include "config/node.h"

namespace narrowgate::config {

// What readers share in one run.
class Reading {
 public:
  Reading(std::string folder, const Environment& environment, const ReadFile& read_file)
      : folder_(std::move(folder)), environment_(environment), read_file_(read_file) {}

  void error(const Node& node, const std::string& path, std::string fault, std::string remedy);
  void warning(const Node& node, const std::string& path, std::string fault, std::string remedy);
  // For checks after reading: the path knows where it stood.
  void error_at(const std::string& path, std::string fault, std::string remedy);
  void warning_at(const std::string& path, std::string fault, std::string remedy);

  void remember(const std::string& path, Position at) { positions_.emplace(path, at); }
  std::string absolute(const std::string& path) const;
  const Environment& environment() const { return environment_; }
  const ReadFile& read_file() const { return read_file_; }

  std::vector<Complaint> errors, warnings;

 private:
  Position position_of(std::string path) const;
  std::string folder_;
  const Environment& environment_;
  const ReadFile& read_file_;
  std::map<std::string, Position> positions_;
};

struct Shape;
using ShapePtr = std::shared_ptr<const Shape>;

struct OptionShape {
  std::string name, doc;
  std::string fallback;  // the default, as it would be written
  std::string absent;    // what leaving it out means, when there is no default
  std::string example;
  bool required = false;
  ShapePtr shape;
};

struct Shape {
  std::string words;    // "a duration, 1s to 8h": for the manual
  json::object schema;  // of a leaf
  ShapePtr item;        // of a list or dictionary
  bool dictionary = false;
  std::vector<std::string> instead;  // words that may stand in place of a section
  std::vector<OptionShape> options;  // of a section
};

template <class T>
struct Form {
  ShapePtr shape;
  std::function<void(const Node&, const std::string& path, Reading&, T&)> read;
  std::function<std::string(const T&)> show;  // "" when there is nothing worth showing
};

// ---- leaves

using Bound = std::uint64_t;
Form<std::string> text(std::size_t characters_max, std::string words = "text");
Form<std::string> name();  // of a thing of ours: lower case, digits, - _ .
Form<std::string> path();  // made absolute
Form<std::string> url();
Form<bool> yes_no();
Form<std::uint64_t> count(Bound least, Bound most);
Form<std::uint16_t> port();
Form<std::uint64_t> byte_size(Bound least, Bound most);  // 4096, 64KiB, 1MiB, 2GiB
Form<milliseconds> duration(milliseconds least, milliseconds most);
Form<Address> address();
Form<SecretString> secret(std::size_t bytes_max);  // text, {env: NAME} or {file: path}
Form<grant::ObjectPattern> object_pattern();

// The scalar's text, or nullptr after a complaint.
const std::string* scalar(const Node& node, const std::string& path, Reading& reading, std::string_view wanted);
std::string shown(const std::string& text);  // as much of it as a message can bear
ShapePtr leaf(std::string words, json::object schema);
json::array string_array(const std::vector<std::string>& words);

template <class E>
Form<E> choice(std::vector<std::pair<std::string, E>> words) {
  std::vector<std::string> names;
  for (const auto& [word, value] : words) names.push_back(word);
  Form<E> form;
  form.shape = leaf(fmt::format("`{}`", fmt::join(names, "`, `")), {{"enum", string_array(names)}});
  form.read = [words, names](const Node& node, const std::string& path, Reading& reading, E& out) {
    static const std::string null = "null";  // YAML's own word may be one of ours
    const bool nothing = node.kind == Node::Kind::null && words.front().first == null;
    const auto* text = nothing ? &null : scalar(node, path, reading, "a word");
    if (!text) return;
    for (const auto& [word, value] : words)
      if (word == *text) return void(out = value);
    reading.error(node, path, fmt::format("cannot be \"{}\"", shown(*text)), suggestion(*text, {names.begin(), names.end()}));
  };
  form.show = [words](const E& value) {
    for (const auto& [word, known] : words)
      if (known == value) return word;
    return std::string();
  };
  return form;
}

// ---- made of others

template <class T>
Form<std::vector<T>> list(Form<T> item, std::size_t most, std::size_t least = 0) {
  Form<std::vector<T>> form;
  auto shape = std::make_shared<Shape>();
  shape->words = fmt::format("a list, {} to {}", least, most);
  shape->schema = {{"minItems", least}, {"maxItems", most}};
  shape->item = item.shape;
  form.shape = shape;
  form.read = [item, most, least](const Node& node, const std::string& path, Reading& reading, std::vector<T>& out) {
    if (node.kind != Node::Kind::list) return reading.error(node, path, "must be a list", "write [a, b], or one `- …` per line");
    if (node.items.size() > most || node.items.size() < least)
      return reading.error(node, path, fmt::format("has {} entries", node.items.size()),
                           fmt::format("give {} to {}", least, most));
    out.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const auto at = fmt::format("{}[{}]", path, i);
      reading.remember(at, node.items[i].at);
      item.read(node.items[i], at, reading, out.emplace_back());
    }
  };
  form.show = [item](const std::vector<T>& values) {
    std::vector<std::string> shown;
    for (const auto& value : values) shown.push_back(item.show(value));
    return fmt::format("[{}]", fmt::join(shown, ", "));
  };
  return form;
}

template <class T>
Form<std::map<std::string, T>> dictionary(Form<T> item, std::size_t most) {
  Form<std::map<std::string, T>> form;
  auto shape = std::make_shared<Shape>();
  shape->words = fmt::format("names and values, up to {}", most);
  shape->schema = {{"maxProperties", most}};
  shape->item = item.shape;
  shape->dictionary = true;
  form.shape = shape;
  form.read = [item, most](const Node& node, const std::string& path, Reading& reading, std::map<std::string, T>& out) {
    if (node.kind != Node::Kind::map) return reading.error(node, path, "must be names and values", "write {name: value}");
    if (node.entries.size() > most)
      return reading.error(node, path, fmt::format("has {} entries", node.entries.size()), fmt::format("give {} at most", most));
    out.clear();
    for (const auto& entry : node.entries) {
      const auto at = path + "." + entry.key;
      reading.remember(at, entry.at);
      item.read(entry.value, at, reading, out[entry.key]);
    }
  };
  form.show = [](const std::map<std::string, T>&) { return std::string(); };
  return form;
}

// ---- sections

// Everything about one option of a section that is not its default.
struct About {
  std::string doc;
  std::string example = {};
  std::string absent = {};  // what it means to leave it out, where the default cannot say
  bool required = false;
};

template <class T>
struct Option {
  OptionShape shape;
  std::function<void(const Node&, const std::string& path, Reading&, T&)> read;
};

template <class T, class M>
Option<T> option(std::string option_name, M T::* member, Form<M> form, About about) {
  Option<T> made;
  made.shape = {std::move(option_name), about.doc, {}, about.absent, about.example, about.required, form.shape};
  if (!about.required && about.absent.empty()) made.shape.fallback = form.show(T{}.*member);
  made.read = [form, member](const Node& node, const std::string& path, Reading& reading, T& out) {
    form.read(node, path, reading, out.*member);
  };
  return made;
}

// Absent is a state of its own.
template <class T, class M>
Option<T> option(std::string option_name, std::optional<M> T::* member, Form<M> form, About about) {
  Option<T> made;
  made.shape = {std::move(option_name), about.doc, {}, about.absent, about.example, about.required, form.shape};
  made.read = [form, member](const Node& node, const std::string& path, Reading& reading, T& out) {
    form.read(node, path, reading, (out.*member).emplace());
  };
  return made;
}

// Reads the entries of a map: known ones by their option, unknown ones and missing ones as errors.
void read_section(const Node& node, const std::string& path, Reading& reading, const std::vector<OptionShape>& options,
                  const std::function<void(std::size_t option, const Node& value, const std::string& path)>& read_option);

template <class T>
Form<T> section(std::vector<Option<T>> options) {
  Form<T> form;
  auto shape = std::make_shared<Shape>();
  for (const auto& one : options) shape->options.push_back(one.shape);
  shape->words = "a section";
  form.shape = shape;
  form.read = [options, shape](const Node& node, const std::string& at, Reading& reading, T& out) {
    read_section(node, at, reading, shape->options, [&](std::size_t i, const Node& value, const std::string& option_path) {
      options[i].read(value, option_path, reading, out);
    });
  };
  form.show = [](const T&) { return std::string(); };
  return form;
}

// A section, or one of some words with a fixed meaning.
template <class T>
Form<T> words_or(std::vector<std::pair<std::string, T>> words, Form<T> otherwise, std::function<std::string(const T&)> show) {
  auto shape = std::make_shared<Shape>(*otherwise.shape);
  for (const auto& [word, value] : words) shape->instead.push_back(word);
  Form<T> form;
  form.shape = shape;
  form.read = [words, shape, otherwise](const Node& node, const std::string& at, Reading& reading, T& out) {
    if (node.kind != Node::Kind::scalar) return otherwise.read(node, at, reading, out);
    if (node.failed) return;
    for (const auto& [word, value] : words)
      if (word == node.text) return void(out = value);
    reading.error(node, at, fmt::format("cannot be \"{}\"", shown(node.text)),
                  fmt::format("write {}, or its options", fmt::join(shape->instead, " or ")));
  };
  form.show = std::move(show);
  return form;
}

// A section that is there by default and can be switched off by the word `off`.
template <class T>
Form<std::optional<T>> on_or_off(Form<T> inner) {
  auto shape = std::make_shared<Shape>(*inner.shape);
  shape->instead = {"off"};
  Form<std::optional<T>> form;
  form.shape = shape;
  form.read = [inner](const Node& node, const std::string& at, Reading& reading, std::optional<T>& out) {
    if (node.kind == Node::Kind::scalar && node.text == "off") return out.reset();
    if (node.kind == Node::Kind::scalar) return reading.error(node, at, "must be a section", "write its options, or off");
    inner.read(node, at, reading, out.emplace());
  };
  form.show = [](const std::optional<T>&) { return std::string(); };
  return form;
}

}  // namespace narrowgate::config
