// Loading policies: every complaint at once, and no set unless there is nothing to complain about.
//
// Cheap (milliseconds) and without side effects, so that a bad set can be refused and the one in force kept.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"

namespace narrowgate::policy {

inline constexpr std::size_t policy_file_bytes_max = 1u << 20;  // larger is generated: split it
inline constexpr std::size_t policy_files_max = 1'000;
inline constexpr std::size_t policies_max = 10'000;  // a decision is linear in those that can apply to it

struct Source {
  std::string name;  // a file's name, for messages
  std::string text;
};

struct Complaint {
  std::string file;
  unsigned line = 0, column = 0;  // from 1; 0: of the whole file
  std::string policy;             // its id, if it got that far
  std::string fault, remedy;
};
std::string to_string(const Complaint& complaint);                // "30-writes.cedar:12:3: policy writes: fault; remedy"
std::string to_string(const std::vector<Complaint>& complaints);  // one a line

struct Loaded {
  std::shared_ptr<const PolicySet> set;  // null if there are errors
  std::vector<Complaint> errors;
  std::vector<Complaint> warnings;  // lint: what is allowed and likely not meant
};

Loaded load(std::vector<Source> sources);
Loaded load_defaults();
// Every *.cedar of the folder, by name, not of folders inside. They replace the built-in ones entirely.
Loaded load_folder(const std::string& path);
// The folder, or the built-in policies if `path` is empty: what a configuration says.
Loaded load_configured(const std::string& path);

const std::vector<Source>& default_sources();  // embedded at build time
std::string_view schema_text();

}  // namespace narrowgate::policy
