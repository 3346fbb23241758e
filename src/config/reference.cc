// The manual and the JSON Schema, both from the one declaration of the options.
#include <boost/json/serialize.hpp>

#include "config/schema.h"

namespace narrowgate::config {
namespace {

// ---- JSON Schema

json::object schema_of(const Shape& shape);

json::object section_schema(const Shape& shape) {
  json::object properties;
  json::array required;
  for (const auto& option : shape.options) {
    auto property = schema_of(*option.shape);
    property["description"] = option.doc;
    if (!option.fallback.empty() && !option.shape->item && option.shape->options.empty()) property["default"] = option.fallback;
    if (!option.example.empty()) property["examples"] = json::array{json::string(option.example)};
    properties[option.name] = std::move(property);
    if (option.required) required.emplace_back(option.name);
  }
  json::object out{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

json::object container_schema(const Shape& shape) {
  json::object out = shape.schema;
  out["type"] = shape.dictionary ? "object" : "array";
  out[shape.dictionary ? "additionalProperties" : "items"] = schema_of(*shape.item);
  return out;
}

json::object schema_of(const Shape& shape) {
  if (shape.item) return container_schema(shape);
  if (shape.options.empty()) return shape.schema;
  auto section = section_schema(shape);
  if (shape.instead.empty()) return section;
  return {{"oneOf", json::array{json::object{{"enum", string_array(shape.instead)}}, std::move(section)}}};
}

// Indented, so that a person can read it and a diff of it says something.
void write_indented(const json::value& value, std::size_t depth, std::string& out) {
  const auto line = [&](std::size_t d) { out += "\n" + std::string(2 * d, ' '); };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += '{';
    for (std::size_t i = 0; const auto& [key, child] : *object) {
      if (i++) out += ',';
      line(depth + 1);
      out += json::serialize(json::value(key)) + ": ";
      write_indented(child, depth + 1, out);
    }
    line(depth);
    out += '}';
  } else {
    out += json::serialize(value);
  }
}

// ---- the manual

std::string words_of(const Shape& shape) {
  if (shape.item) {
    const auto each = shape.item->options.empty() ? words_of(*shape.item) : "a section";
    return fmt::format("{}, each {}", shape.dictionary ? "names and values" : "a list", each);
  }
  if (shape.instead.empty()) return shape.words;
  return fmt::format("`{}` or a section", fmt::join(shape.instead, "`, `"));
}

std::string when_left_out(const OptionShape& option) {
  if (option.required) return "**required**";
  if (!option.fallback.empty()) return fmt::format("default `{}`", option.fallback);
  return option.absent.empty() ? "optional" : fmt::format("without it: {}", option.absent);
}

const Shape* section_inside(const Shape& shape) {
  if (!shape.options.empty()) return &shape;
  return shape.item ? section_inside(*shape.item) : nullptr;
}

class Manual {
 public:
  explicit Manual(std::string_view head) : out_(head) {}

  void write(const std::string& heading, const Shape& shape) {
    std::string body;
    for (const auto& option : shape.options) body += line_of(option);
    if (!heading.empty()) out_ += fmt::format("\n## `{}`\n\n", heading);
    const auto [first, is_new] = sections_.emplace(body, heading);
    if (!is_new) return void(out_ += fmt::format("As `{}`.\n", first->second));
    out_ += body;
    for (const auto& option : shape.options) write_inner(heading, option);
  }
  std::string take() { return std::move(out_); }

 private:
  static std::string line_of(const OptionShape& option) {
    auto line = fmt::format("- `{}` ({}; {}). {}", option.name, words_of(*option.shape), when_left_out(option), option.doc);
    if (!option.example.empty()) line += fmt::format(" Example: `{}`.", option.example);
    return line + "\n";
  }
  void write_inner(const std::string& heading, const OptionShape& option) {
    const auto* inner = section_inside(*option.shape);
    if (!inner) return;
    const auto name = option.name + (!option.shape->item ? "" : option.shape->dictionary ? ".*" : "[]");
    write(heading.empty() ? name : heading + "." + name, *inner);
  }

  std::string out_;
  std::map<std::string, std::string> sections_;  // what was said already → under which heading
};

constexpr std::string_view manual_head = R"(# Configuration

<!-- Made from src/config/schema.cc by its tests (NG_UPDATE=1 rewrites it). Do not edit by hand. -->

`narrowgate serve --config narrowgate.yaml` reads one YAML file. `narrowgate init` writes a commented one to start from;
`narrowgate config schema` prints a JSON Schema for editors.

- All mistakes are reported at once, each with its line, what is wrong and what to write instead. Unknown options are mistakes.
- `${NAME}` and `${NAME:-default}` stand for environment variables, inside values only; `$${` is a plain `${`. Inside `{ }` and
  `[ ]` write them in quotes.
- Secrets may be given as `{env: NAME}` or `{file: path}`.
- Relative paths are meant from the folder of the file.
- Durations are written `250ms`, `30s`, `15m`, `1h`; sizes `64KiB`, `1MiB`.
- YAML's anchors, aliases, tags, duplicate keys and second documents are refused. The file is at most 1 MiB.

## Everything

)";

}  // namespace

std::string json_schema() {
  auto root = schema_of(*schema().shape);
  json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "narrowgate.yaml"}};
  for (auto& [key, value] : root) out[key] = std::move(value);
  std::string text;
  write_indented(out, 0, text);
  return text + "\n";
}

std::string reference_markdown() {
  Manual manual(manual_head);
  manual.write("", *schema().shape);
  return manual.take();
}

}  // namespace narrowgate::config
