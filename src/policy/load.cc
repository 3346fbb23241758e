#include "policy/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/json.h"
#include "policy/lint.h"

namespace narrowgate::policy {
namespace {

constexpr std::string_view schema_name = "schema.cedarschema";

unsigned number_at(const json::object& object, std::string_view name) {
  return unsigned(object.at(name).to_number<std::int64_t>());
}
std::string text_at(const json::object& object, std::string_view name) { return std::string(object.at(name).as_string()); }

Complaint complaint_from(const json::object& object) {
  return {text_at(object, "file"),   number_at(object, "line"), number_at(object, "column"),
          text_at(object, "policy"), text_at(object, "fault"),  text_at(object, "remedy")};
}

std::vector<Complaint> complaints_from(const json::value& list) {
  std::vector<Complaint> out;
  for (const auto& one : list.as_array()) out.push_back(complaint_from(one.as_object()));
  return out;
}

PolicyInfo info_from(const json::object& object) {
  PolicyInfo out;
  out.id = text_at(object, "id");
  out.effect = text_at(object, "effect") == "permit" ? PolicyEffect::permit : PolicyEffect::forbid;
  out.file = text_at(object, "file");
  out.line = number_at(object, "line");
  for (const auto& [name, value] : object.at("annotations").as_object()) out.annotations.emplace(name, value.as_string());
  for (const auto& action : object.at("actions").as_array()) out.actions.emplace_back(action.as_string());
  out.quorum = number_at(object, "quorum");
  out.text = text_at(object, "text");
  return out;
}

bool names_columns(const json::object& policy) {
  const auto& names = policy.at("names").as_array();
  return std::any_of(names.begin(), names.end(), [](const auto& name) { return name.as_string() == cedar::type::column; });
}

std::string version_of(const std::vector<Source>& sources) {
  std::string all(schema_text());
  for (const auto& source : sources)
    all += fmt::format("\n{} {} {}\n", source.name.size(), source.name, source.text.size()) + source.text;
  return sha256_hex(all);
}

// Complaints that need no parser.
std::vector<Complaint> check_sizes(const std::vector<Source>& sources) {
  std::vector<Complaint> out;
  if (sources.empty())
    out.push_back({"", 0, 0, "", "there are no policies, so nothing would be permitted",
                   "add a *.cedar file, or leave the folder out for the built-in ones"});
  if (sources.size() > policy_files_max)
    out.push_back({"", 0, 0, "", fmt::format("there are more than {} policy files", policy_files_max), "put policies together"});
  for (const auto& source : sources) {
    if (source.text.size() > policy_file_bytes_max) out.push_back({source.name, 0, 0, "", "is larger than 1 MiB", "split it"});
    if (!is_utf8(source.text)) out.push_back({source.name, 0, 0, "", "is not UTF-8", "save it as UTF-8"});
  }
  return out;
}

Loaded failed(std::string file, std::string fault) { return {nullptr, {{std::move(file), 0, 0, "", std::move(fault), ""}}, {}}; }

// Annotations that only we read.
void read_all_marks(Library& library, std::vector<Complaint>& errors) {
  for (const auto& policy : library.policies) {
    auto marks = read_marks(policy);
    if (!marks.ok()) errors.push_back({policy.file, policy.line, 1, policy.id, marks.error().detail, ""});
    library.marks.push_back(marks.ok() ? std::move(marks).take() : Marks{});
  }
}

Loaded finish(cedar::Set set, const json::object& report, const std::vector<Source>& sources) {
  Loaded out{nullptr, complaints_from(report.at("errors")), complaints_from(report.at("warnings"))};
  if (!set) return out;
  auto library = std::make_shared<Library>();
  library->set = std::move(set);
  library->version = version_of(sources);
  library->columns = Columns::by_label;
  for (const auto& policy : report.at("policies").as_array()) {
    library->policies.push_back(info_from(policy.as_object()));
    if (names_columns(policy.as_object())) library->columns = Columns::each;
  }
  read_all_marks(*library, out.errors);
  if (library->policies.empty())
    out.errors.push_back({"", 0, 0, "", "there are no policies, so nothing would be permitted", "write one"});
  if (library->policies.size() > policies_max)
    out.errors.push_back({"", 0, 0, "", fmt::format("there are more than {} policies", policies_max), "say more with each"});
  for (auto& warning : lint(*library)) out.warnings.push_back(std::move(warning));
  if (out.errors.empty()) out.set = std::make_shared<PolicySet>(std::move(library));
  return out;
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(policy_file_bytes_max + 1, '\0');  // one byte more than allowed is enough to complain
  in.read(text.data(), std::streamsize(text.size()));
  if (!in.eof() && !in) return Error{Code::unavailable, Blame::gateway, "cannot be read"};
  text.resize(std::size_t(in.gcount()));
  return text;
}

bool is_policy_file(const std::filesystem::directory_entry& entry) {
  std::error_code ignored;
  const auto name = entry.path().filename().string();
  return entry.is_regular_file(ignored) && name.ends_with(".cedar") && !name.starts_with(".");
}

}  // namespace

std::string to_string(const Complaint& complaint) {
  std::string out = complaint.file.empty() ? "policies" : complaint.file;
  if (complaint.line != 0) out += fmt::format(":{}:{}", complaint.line, complaint.column);
  out += ": ";
  if (!complaint.policy.empty()) out += fmt::format("policy {}: ", complaint.policy);
  out += complaint.fault;
  if (!complaint.remedy.empty()) out += "; " + complaint.remedy;
  return visible(out);
}

std::string to_string(const std::vector<Complaint>& complaints) {
  std::string out;
  for (const auto& complaint : complaints) out += to_string(complaint) + "\n";
  return out;
}

Loaded load(std::vector<Source> sources) {
  std::sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) { return a.name < b.name; });
  if (auto faults = check_sizes(sources); !faults.empty()) return {nullptr, std::move(faults), {}};
  std::vector<ng_cedar_source> borrowed;
  for (const auto& source : sources) borrowed.push_back({cedar::borrow(source.name), cedar::borrow(source.text)});
  cedar::Text report;
  cedar::Set set(
      ng_cedar_load({cedar::borrow(schema_name), cedar::borrow(schema_text())}, borrowed.data(), borrowed.size(), report.out()));
  const auto parsed = parse_json(report.view());
  if (!parsed.ok() || !parsed->is_object()) return failed("", "could not be loaded: " + report.str());
  return finish(std::move(set), parsed->as_object(), sources);
}

Loaded load_defaults() { return load(default_sources()); }

Loaded load_folder(const std::string& path) {
  std::error_code fault;
  std::filesystem::directory_iterator folder(path, fault);
  if (fault) return failed(path, fmt::format("cannot be read: {}", fault.message()));
  std::vector<Source> sources;
  std::vector<Complaint> errors;
  for (; folder != std::filesystem::directory_iterator(); folder.increment(fault)) {
    if (fault) return failed(path, fmt::format("cannot be read: {}", fault.message()));
    if (!is_policy_file(*folder) || sources.size() > policy_files_max) continue;
    auto text = read_file(folder->path());
    const auto name = folder->path().filename().string();
    if (text.ok()) sources.push_back({name, std::move(text).take()});
    else errors.push_back({name, 0, 0, "", text.error().detail, "check its permissions"});
  }
  if (!errors.empty()) return {nullptr, std::move(errors), {}};
  return load(std::move(sources));
}

Loaded load_configured(const std::string& path) { return path.empty() ? load_defaults() : load_folder(path); }

}  // namespace narrowgate::policy
