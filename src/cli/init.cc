// narrowgate init, narrowgate config: a configuration to start from, and what may stand in one.
#include <fcntl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"
#include "config/load.h"

namespace narrowgate::cli {
namespace {

Result<int> init(const std::string& path) {
  const std::string text = config::starter_config();
  const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0)
    return Error{Code::conflict, Blame::client,
                 fmt::format("{} cannot be created ({}); remove it or name another file", path, std::strerror(errno))};
  const bool written = ::write(fd, text.data(), text.size()) == ssize_t(text.size());
  ::close(fd);
  if (!written)
    return Error{Code::unavailable, Blame::client, fmt::format("{} cannot be written: {}", path, std::strerror(errno))};
  print_line(fmt::format("wrote {}: fill in the upstream, then run\n  narrowgate config check {}\n  narrowgate serve --config {}",
                         path, path, path));
  return 0;
}

Result<int> check(const std::string& path) {
  const config::Loaded loaded = config::load(path);
  for (const config::Complaint& warning : loaded.warnings) print_line("warning: " + config::to_string(warning));
  if (!loaded.config)
    return Error{Code::malformed, Blame::client, fmt::format("{} has errors:\n{}", path, config::to_string(loaded.errors))};
  print_line(fmt::format("{}: {} resources, {} templates, {} agents, {} people", path, loaded.config->resources.size(),
                         loaded.config->templates.size(), loaded.config->agents.size(), loaded.config->people.size()));
  return 0;
}

}  // namespace

void add_init(CLI::App& app, Chosen& chosen) {
  auto path = std::make_shared<std::string>("narrowgate.yaml");
  CLI::App* command = app.add_subcommand("init", "Write a commented configuration to start from");
  command->add_option("file", *path, "where")->capture_default_str();
  command->callback([path, &chosen] { chosen.run = [path] { return init(*path); }; });

  CLI::App* config = app.add_subcommand("config", "Check a configuration, or print what may stand in one");
  config->require_subcommand(1);
  auto file = std::make_shared<std::string>("narrowgate.yaml");
  CLI::App* checks = config->add_subcommand("check", "Load it and print every complaint");
  checks->add_option("file", *file, "which")->capture_default_str();
  checks->callback([file, &chosen] { chosen.run = [file] { return check(*file); }; });
  config->add_subcommand("schema", "Print its JSON Schema")->callback([&chosen] {
    chosen.run = []() -> Result<int> { return print_line(config::json_schema()), 0; };
  });
  config->add_subcommand("reference", "Print the manual of every option")->callback([&chosen] {
    chosen.run = []() -> Result<int> { return print_line(config::reference_markdown()), 0; };
  });
}

}  // namespace narrowgate::cli
