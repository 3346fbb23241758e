#include "config/form.h"

#include <charconv>
#include <filesystem>

#include "base/bytes.h"

namespace narrowgate::config {
namespace {

constexpr std::size_t name_bytes_max = 63;  // fits PostgreSQL's identifiers, Kubernetes' labels and DNS

bool is_word_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; }

bool is_our_name(std::string_view text) {
  if (text.empty() || text.size() > name_bytes_max || std::string_view("-_.").find(text[0]) != std::string_view::npos)
    return false;
  return std::all_of(text.begin(), text.end(), is_word_character);
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

template <class N>
std::optional<N> number(std::string_view text) {
  N value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct SizeUnit {
  std::string_view suffix;
  std::uint64_t bytes;
};
constexpr SizeUnit size_units[] = {{"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10}, {"B", 1}, {"", 1}};

std::optional<std::uint64_t> parse_size(std::string_view text) {
  for (const auto& unit : size_units) {
    if (!text.ends_with(unit.suffix)) continue;
    const auto value = number<std::uint64_t>(text.substr(0, text.size() - unit.suffix.size()));
    if (!value || *value > UINT64_MAX / unit.bytes) return std::nullopt;
    return *value * unit.bytes;
  }
  return std::nullopt;
}

std::string show_size(std::uint64_t bytes) {
  for (const auto& unit : size_units)
    if (bytes != 0 && bytes % unit.bytes == 0) return fmt::format("{}{}", bytes / unit.bytes, unit.suffix);
  return "0";
}

std::optional<Address> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos) return std::nullopt;
  if (!port || host.empty() || host.find_first_of("[] /") != std::string_view::npos) return std::nullopt;
  return Address{std::string(host), *port};
}

std::string as_is(const std::string& text) { return text; }

// A leaf read by a function that says no with nullopt.
template <class T>
Form<T> parsed(std::string words, json::object schema, std::function<std::optional<T>(const std::string&)> parse,
               std::string remedy, std::function<std::string(const T&)> show) {
  Form<T> form;
  form.shape = leaf(words, std::move(schema));
  form.read = [=](const Node& node, const std::string& at, Reading& reading, T& out) {
    const auto* text = scalar(node, at, reading, words);
    if (!text) return;
    auto value = parse(*text);
    if (!value) return reading.error(node, at, fmt::format("cannot be \"{}\"", shown(*text)), remedy);
    out = std::move(*value);
  };
  form.show = std::move(show);
  return form;
}

bool is_compound(const Shape& shape) { return shape.item || !shape.options.empty(); }

}  // namespace

// ---- Reading

void Reading::error(const Node& node, const std::string& at, std::string fault, std::string remedy) {
  if (!node.failed) errors.push_back({{}, node.at, at, std::move(fault), std::move(remedy)});
}
void Reading::warning(const Node& node, const std::string& at, std::string fault, std::string remedy) {
  warnings.push_back({{}, node.at, at, std::move(fault), std::move(remedy)});
}
void Reading::error_at(const std::string& at, std::string fault, std::string remedy) {
  errors.push_back({{}, position_of(at), at, std::move(fault), std::move(remedy)});
}
void Reading::warning_at(const std::string& at, std::string fault, std::string remedy) {
  warnings.push_back({{}, position_of(at), at, std::move(fault), std::move(remedy)});
}

// Of the path, or of the nearest thing around it that the file has.
Position Reading::position_of(std::string at) const {
  while (!at.empty()) {
    if (const auto found = positions_.find(at); found != positions_.end()) return found->second;
    const auto cut = at.find_last_of(".[");
    at.resize(cut == std::string::npos ? 0 : cut);
  }
  return {};
}

std::string Reading::absolute(const std::string& given) const {
  const std::filesystem::path as_path(given);
  return (as_path.is_absolute() ? as_path : std::filesystem::path(folder_) / as_path).lexically_normal().string();
}

// ---- leaves

std::string shown(const std::string& text) {
  constexpr std::size_t shown_bytes_max = 80;
  return text.size() <= shown_bytes_max ? text : text.substr(0, shown_bytes_max) + "…";
}

ShapePtr leaf(std::string words, json::object schema) {
  auto shape = std::make_shared<Shape>();
  shape->words = std::move(words);
  shape->schema = std::move(schema);
  return shape;
}

json::array string_array(const std::vector<std::string>& words) {
  json::array out;
  for (const auto& word : words) out.emplace_back(word);
  return out;
}

const std::string* scalar(const Node& node, const std::string& at, Reading& reading, std::string_view wanted) {
  if (node.kind == Node::Kind::scalar && !node.failed) return &node.text;
  if (node.kind == Node::Kind::null) reading.error(node, at, "has no value", fmt::format("give {}, or remove the line", wanted));
  else if (!node.failed)
    reading.error(node, at, node.kind == Node::Kind::list ? "is a list" : "is a section", fmt::format("give {}", wanted));
  return nullptr;
}

Form<std::string> text(std::size_t characters_max, std::string words) {
  return parsed<std::string>(
      words, {{"type", "string"}, {"minLength", 1}, {"maxLength", characters_max}},
      [characters_max](const std::string& t) -> std::optional<std::string> {
        if (t.empty() || t.size() > characters_max || has_control(t)) return std::nullopt;
        return t;
      },
      fmt::format("write {}: 1 to {} bytes on one line", words, characters_max), as_is);
}

Form<std::string> name() {
  return parsed<std::string>(
      "a name", {{"type", "string"}, {"pattern", "^[a-z0-9][a-z0-9._-]{0,62}$"}},
      [](const std::string& t) { return is_our_name(t) ? std::optional(t) : std::nullopt; },
      "use 1 to 63 of a-z 0-9 . _ -, a letter or digit first", as_is);
}

Form<std::string> path() {
  Form<std::string> form;
  form.shape = leaf("a path, relative to this file's folder", {{"type", "string"}, {"minLength", 1}});
  form.read = [](const Node& node, const std::string& at, Reading& reading, std::string& out) {
    const auto* given = scalar(node, at, reading, "a path");
    if (!given) return;
    if (given->empty() || has_control(*given) || given->size() > 4096)
      return reading.error(node, at, "is not a path", "name a file or folder");
    out = reading.absolute(*given);
  };
  form.show = as_is;
  return form;
}

Form<std::string> url() {
  return parsed<std::string>(
      "a URL", {{"type", "string"}, {"format", "uri"}},
      [](const std::string& t) -> std::optional<std::string> {
        const bool http = t.starts_with("https://") || t.starts_with("http://");
        if (!http || t.size() > 2048 || has_control(t) || t.find_first_of(" #@\"<>\\") != std::string::npos) return std::nullopt;
        return t;
      },
      "write https://…, without user or fragment", as_is);
}

Form<bool> yes_no() {
  return parsed<bool>(
      "true or false", {{"type", json::array{"boolean", "string"}}},
      [](const std::string& t) -> std::optional<bool> {
        if (t == "true") return true;
        if (t == "false") return false;
        return std::nullopt;
      },
      "write true or false", [](bool value) { return std::string(value ? "true" : "false"); });
}

Form<std::uint64_t> count(Bound least, Bound most) {
  return parsed<std::uint64_t>(
      fmt::format("a number, {} to {}", least, most),
      {{"type", json::array{"integer", "string"}}, {"minimum", least}, {"maximum", most}},
      [=](const std::string& t) -> std::optional<std::uint64_t> {
        const auto value = number<std::uint64_t>(t);
        return value && *value >= least && *value <= most ? value : std::nullopt;
      },
      fmt::format("write a whole number from {} to {}", least, most), [](const std::uint64_t& v) { return std::to_string(v); });
}

Form<std::uint16_t> port() {
  return parsed<std::uint16_t>(
      "a port", {{"type", json::array{"integer", "string"}}, {"minimum", 1}, {"maximum", 65535}},
      [](const std::string& t) -> std::optional<std::uint16_t> {
        const auto value = number<std::uint16_t>(t);
        return value && *value > 0 ? value : std::nullopt;
      },
      "write a port number, 1 to 65535", [](const std::uint16_t& v) { return std::to_string(v); });
}

Form<std::uint64_t> byte_size(Bound least, Bound most) {
  return parsed<std::uint64_t>(
      fmt::format("a size, {} to {}", show_size(least), show_size(most)), {{"type", json::array{"integer", "string"}}},
      [=](const std::string& t) -> std::optional<std::uint64_t> {
        const auto value = parse_size(t);
        return value && *value >= least && *value <= most ? value : std::nullopt;
      },
      fmt::format("write a size such as 64KiB or 1MiB, {} to {}", show_size(least), show_size(most)), show_size);
}

Form<milliseconds> duration(milliseconds least, milliseconds most) {
  return parsed<milliseconds>(
      fmt::format("a duration, {} to {}", format_duration(least), format_duration(most)), {{"type", "string"}},
      [=](const std::string& t) -> std::optional<milliseconds> {
        const auto value = parse_duration(t);
        if (!value.ok() || *value < least || *value > most) return std::nullopt;
        return *value;
      },
      fmt::format("write a duration such as 250ms, 30s, 15m or 1h, {} to {}", format_duration(least), format_duration(most)),
      [](const milliseconds& v) { return format_duration(v); });
}

Form<Address> address() {
  return parsed<Address>(
      "host:port", {{"type", "string"}}, [](const std::string& t) { return parse_address(t); },
      "write host:port, for example 127.0.0.1:6432 or [::1]:6432", [](const Address& a) { return to_string(a); });
}

Form<grant::ObjectPattern> object_pattern() {
  Form<grant::ObjectPattern> form;
  form.shape = leaf("an object pattern", {{"type", "string"}, {"minLength", 3}});
  form.read = [](const Node& node, const std::string& at, Reading& reading, grant::ObjectPattern& out) {
    const auto* written = scalar(node, at, reading, "an object pattern");
    if (!written) return;
    auto pattern = grant::ObjectPattern::parse(*written);
    if (!pattern.ok())
      return reading.error(node, at, fmt::format("cannot be \"{}\"", shown(*written)),
                           "write schema.table, schema.table(column, …) or schema.*, quoted for YAML");
    out = std::move(pattern).take();
  };
  form.show = [](const grant::ObjectPattern& pattern) { return pattern.to_string(); };
  return form;
}

// ---- sections

void read_section(const Node& node, const std::string& at, Reading& reading, const std::vector<OptionShape>& options,
                  const std::function<void(std::size_t, const Node&, const std::string&)>& read_option) {
  if (node.kind != Node::Kind::map && node.kind != Node::Kind::null)
    return reading.error(node, at, "must be a section", fmt::format("write its options, e.g. {}: …", options.front().name));
  std::vector<std::string_view> names;
  for (const auto& option : options) names.push_back(option.name);
  const auto path_of = [&](std::string_view name) { return at.empty() ? std::string(name) : fmt::format("{}.{}", at, name); };

  for (const auto& entry : node.entries) {
    if (std::find(names.begin(), names.end(), entry.key) != names.end()) continue;
    Node key;
    key.at = entry.at;
    reading.error(key, path_of(entry.key), "is not an option", suggestion(entry.key, names));
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto entry =
        std::find_if(node.entries.begin(), node.entries.end(), [&](const Entry& e) { return e.key == options[i].name; });
    const bool empty = entry != node.entries.end() && entry->value.kind == Node::Kind::null && is_compound(*options[i].shape);
    if (entry != node.entries.end() && !empty) {
      reading.remember(path_of(options[i].name), entry->at);
      read_option(i, entry->value, path_of(options[i].name));
    } else if (options[i].required) {
      const auto& example = options[i].example;
      reading.error(node, path_of(options[i].name), "is missing",
                    example.empty() ? fmt::format("give {}", options[i].shape->words)
                                    : fmt::format("write for example {}: {}", options[i].name, example));
    }
  }
}

}  // namespace narrowgate::config
