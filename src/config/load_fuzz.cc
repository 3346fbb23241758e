// Any bytes as narrowgate.yaml: complaints or a Config, never both, never a crash.
#include "base/check.h"
#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narrowgate;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto environment = [](const std::string& name) {
    return name.size() % 2 ? std::optional<std::string>("16 characters plus") : std::nullopt;
  };
  const auto no_files = [](const std::string& path) -> Result<std::string> {
    return Error{Code::not_found, Blame::client, path};
  };
  const auto loaded = config::load_text("fuzz.yaml", text, environment, no_files);
  NG_CHECK(loaded.config.has_value() == loaded.errors.empty());
  for (const auto& complaint : loaded.errors) NG_CHECK(!complaint.fault.empty() && !complaint.remedy.empty());
  return 0;
}
