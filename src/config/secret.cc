// Secrets in the configuration: text, {env: NAME} or {file: path}.
#include <sys/stat.h>

#include "config/form.h"

namespace narrowgate::config {
namespace {

struct Source {
  std::string env, file;
};

// The value without the line end that editors and `echo` leave behind.
std::string one_line(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::optional<std::string> from_environment(const Source& source, const Node& node, const std::string& at, Reading& reading) {
  auto value = reading.environment()(source.env);
  if (!value)
    reading.error(node, at, fmt::format("needs the environment variable {}, which is not set", source.env),
                  fmt::format("export {}=…", source.env));
  return value;
}

std::optional<std::string> from_file(const Source& source, const Node& node, const std::string& at, Reading& reading) {
  const auto file = reading.absolute(source.file);
  auto content = reading.read_file()(file);
  if (!content.ok()) {
    reading.error(node, at, fmt::format("cannot be read: {}", content.error().detail), "create the file, or correct the path");
    return std::nullopt;
  }
  struct stat facts{};
  if (::stat(file.c_str(), &facts) == 0 && (facts.st_mode & 0077) != 0)
    reading.warning(node, at, fmt::format("is in {}, which others may read", file), fmt::format("chmod 600 {}", file));
  return one_line(std::move(content).take());
}

Form<Source> source_form() {
  return section<Source>({
      option<Source>("env", &Source::env, text(200, "a variable's name"),
                     {.doc = "The environment variable that holds it.", .absent = "-"}),
      option<Source>("file", &Source::file, text(4096, "a path"),
                     {.doc = "The file that holds it, without its last line end.", .absent = "-"}),
  });
}

std::optional<std::string> from_reference(const Node& node, const std::string& at, Reading& reading) {
  static const auto form = source_form();
  Source source;
  const auto before = reading.errors.size();
  form.read(node, at, reading, source);
  if (reading.errors.size() != before) return std::nullopt;
  if (source.env.empty() == source.file.empty()) {
    reading.error(node, at, "names no single source", "write {env: NAME} or {file: path}");
    return std::nullopt;
  }
  return source.env.empty() ? from_file(source, node, at, reading) : from_environment(source, node, at, reading);
}

std::optional<std::string> written_out(const Node& node, const std::string& at, Reading& reading) {
  const auto* text = scalar(node, at, reading, "a secret, {env: NAME} or {file: path}");
  if (!text) return std::nullopt;
  if (!node.from_variable && !text->empty())
    reading.warning(node, at, "is written in the file", "keep it outside: {env: NAME}, {file: path} or ${NAME}");
  return *text;
}

}  // namespace

Form<SecretString> secret(std::size_t bytes_max) {
  Form<SecretString> form;
  auto shape = std::make_shared<Shape>();
  shape->words = "a secret: text, `{env: NAME}` or `{file: path}`";
  const json::object text_type{{"type", "string"}};
  const auto reference = [&](const char* key) {
    return json::object{{"type", "object"},
                        {"properties", json::object{{key, text_type}}},
                        {"required", json::array{key}},
                        {"additionalProperties", false}};
  };
  shape->schema = {{"oneOf", json::array{text_type, reference("env"), reference("file")}}};
  form.shape = shape;
  form.read = [bytes_max](const Node& node, const std::string& at, Reading& reading, SecretString& out) {
    auto value = node.kind == Node::Kind::map ? from_reference(node, at, reading) : written_out(node, at, reading);
    if (!value) return;
    if (value->empty() || value->size() > bytes_max || value->find('\0') != std::string::npos)
      return reading.error(node, at, value->empty() ? "is empty" : "is too long or not text",
                           fmt::format("give 1 to {} bytes", bytes_max));
    out = SecretString(std::move(*value));
  };
  form.show = [](const SecretString&) { return std::string(); };
  return form;
}

}  // namespace narrowgate::config
