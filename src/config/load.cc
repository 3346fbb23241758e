#include "config/load.h"

#include <sys/stat.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "config/expand.h"
#include "config/node.h"
#include "config/schema.h"

namespace narrowgate::config {
namespace {

Error cannot_read(const std::string& path, std::string_view why, Code code = Code::not_found) {
  return Error{code, Blame::client, fmt::format("{}: {}", path, why)};
}

Result<std::string> read_bounded(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return cannot_read(path, std::strerror(errno));
  if (!S_ISREG(facts.st_mode)) return cannot_read(path, "not a regular file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return cannot_read(path, std::strerror(errno));
  std::string content(config_bytes_max + 1, '\0');
  in.read(content.data(), std::streamsize(content.size()));
  content.resize(std::size_t(in.gcount()));
  if (content.size() > config_bytes_max) return cannot_read(path, "longer than 1 MiB", Code::too_large);
  return content;
}

// In the order of the file; what stands nowhere comes last.
void put_in_order(std::vector<Complaint>& complaints, const std::string& file) {
  for (auto& complaint : complaints) complaint.file = file;
  const auto place = [](const Complaint& c) {
    return std::tuple(c.at.line == 0 ? INT_MAX : c.at.line, c.at.column, c.thing, c.fault);
  };
  std::sort(complaints.begin(), complaints.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

std::string folder_of(const std::string& file) {
  std::error_code ignored;
  const auto whole = std::filesystem::absolute(file, ignored);
  return whole.parent_path().string();
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

ReadFile bounded_file_reader() { return read_bounded; }

Loaded load(const std::string& path, const Environment& environment, const ReadFile& read_file) {
  const auto text = read_file(path);
  if (text.ok()) return load_text(path, *text, environment, read_file);
  Loaded loaded;
  loaded.errors.push_back({path,
                           {},
                           {},
                           fmt::format("cannot be read: {}", text.error().detail),
                           "name an existing file, or write one with `narrowgate init`"});
  return loaded;
}

Loaded load_text(const std::string& file, const std::string& text, const Environment& environment, const ReadFile& read_file) {
  Loaded loaded;
  Reading reading(folder_of(file), environment, read_file);
  auto root = parse_yaml(text, reading.errors);

  Config config;
  config.file = file;
  config.data_dir = reading.absolute(config.data_dir);
  if (root) {
    expand_variables(*root, {}, environment, reading.errors);
    schema().read(*root, {}, reading, config);
    check(config, reading);
  }
  put_in_order(reading.errors, file);
  put_in_order(reading.warnings, file);
  loaded.errors = std::move(reading.errors);
  loaded.warnings = std::move(reading.warnings);
  if (loaded.errors.empty()) loaded.config = std::move(config);
  return loaded;
}

}  // namespace narrowgate::config
