// Reads narrowgate.yaml: the strict subset of YAML, ${VARIABLES}, every option, then what they say of each other.
//
//   auto loaded = config::load("narrowgate.yaml");
//   if (!loaded.config) fail(to_string(loaded.errors));
//
// Promises:
//  - All complaints of one run, not the first; each names thing, fault, remedy and file:line.
//  - Never a Config beside an error. Warnings do not stop it.
//  - Variables are expanded inside values after parsing, so a variable's content cannot add options.
//  - No aliases, anchors, tags, duplicate keys, second documents or unknown options. Size, depth and count are bounded.
//  - Relative paths are meant from the folder of the file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/complaint.h"
#include "config/config.h"

namespace narrowgate::config {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

Environment process_environment();
ReadFile bounded_file_reader();  // at most config_bytes_max, regular files only

struct Loaded {
  std::optional<Config> config;
  std::vector<Complaint> errors, warnings;
};

Loaded load(const std::string& path, const Environment& environment = process_environment(),
            const ReadFile& read_file = bounded_file_reader());
// `file` names the text in complaints; its folder is where relative paths start.
Loaded load_text(const std::string& file, const std::string& text, const Environment& environment, const ReadFile& read_file);

// What `narrowgate config schema` prints (JSON Schema 2020-12), and docs/configuration.md.
std::string json_schema();
std::string reference_markdown();
// What `narrowgate init` writes: examples/narrowgate.yaml.
std::string starter_config();

}  // namespace narrowgate::config
