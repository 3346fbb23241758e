#include "config/expand.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace narrowgate::config {
namespace {

struct Variable {
  std::string name;
  std::optional<std::string> fallback;
};

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); });
}

// "NAME" or "NAME:-default", as between the braces.
std::optional<Variable> read_variable(std::string_view inside) {
  const auto colon = inside.find(":-");
  Variable variable{std::string(inside.substr(0, colon)), {}};
  if (colon != std::string_view::npos) variable.fallback = std::string(inside.substr(colon + 2));
  if (!is_name(variable.name)) return std::nullopt;
  return variable;
}

class Expansion {
 public:
  Expansion(Node& node, const std::string& path, const Environment& environment, std::vector<Complaint>& complaints)
      : node_(node), path_(path), environment_(environment), complaints_(complaints) {}

  void run() {
    std::string_view rest = node_.text;
    std::string out;
    while (!rest.empty()) {
      const auto dollar = rest.find('$');
      out += rest.substr(0, dollar);
      rest.remove_prefix(std::min(dollar, rest.size()));
      if (rest.starts_with("$${")) {
        out += "${";
        rest.remove_prefix(3);
      } else if (rest.starts_with("${")) {
        if (!one(rest, out)) return void(node_.text.clear());
      } else if (!rest.empty()) {
        out += '$';
        rest.remove_prefix(1);
      }
      if (out.size() > value_bytes_max) return fail("is longer than 64 KiB", "shorten it"), void(node_.text.clear());
    }
    node_.text = std::move(out);
  }

 private:
  bool one(std::string_view& rest, std::string& out) {
    const auto close = rest.find('}');
    if (close == std::string_view::npos) return fail("has a ${ without its }", "close it, or write $${ for a plain ${");
    const auto variable = read_variable(rest.substr(2, close - 2));
    if (!variable)
      return fail(fmt::format("has {}, which names no variable", rest.substr(0, close + 1)), "write ${NAME} or ${NAME:-default}");
    rest.remove_prefix(close + 1);
    auto value = environment_(variable->name);
    if (variable->fallback && (!value || value->empty())) {
      out += *variable->fallback;
      return true;
    }
    if (!value)
      return fail(fmt::format("needs the environment variable {}, which is not set", variable->name),
                  fmt::format("export {0}=…, or give a default: ${{{0}:-value}}", variable->name));
    if (!is_utf8(*value)) return fail(fmt::format("needs {}, whose value is not UTF-8", variable->name), "set it to text");
    node_.from_variable = true;
    out += *value;
    return true;
  }
  bool fail(std::string fault, std::string remedy) {
    node_.failed = true;
    complaints_.push_back({{}, node_.at, path_, std::move(fault), std::move(remedy)});
    return false;
  }

  Node& node_;
  const std::string& path_;
  const Environment& environment_;
  std::vector<Complaint>& complaints_;
};

}  // namespace

void expand_variables(Node& node, const std::string& path, const Environment& environment, std::vector<Complaint>& complaints) {
  if (node.kind == Node::Kind::scalar) Expansion(node, path, environment, complaints).run();
  for (std::size_t i = 0; i < node.items.size(); ++i)
    expand_variables(node.items[i], fmt::format("{}[{}]", path, i), environment, complaints);
  for (auto& entry : node.entries)
    expand_variables(entry.value, path.empty() ? entry.key : path + "." + entry.key, environment, complaints);
}

}  // namespace narrowgate::config
