#include "cli/cli.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/version.h"

namespace narrowgate::cli {

int main(int argc, char** argv) {
  CLI::App app{"Narrowgate: lets AI agents use databases with least privilege, and takes the access back."};
  app.name("narrowgate");
  app.set_version_flag("--version", fmt::format("narrowgate {}", version()));
  app.require_subcommand(1);
  app.footer("Start with: narrowgate init, then narrowgate serve --config narrowgate.yaml");
  Chosen chosen;
  for (auto* add : {add_serve, add_init, add_doctor, add_login, add_agents, add_lists, add_harden, add_approvals, add_sessions,
                    add_revoke, add_policy, add_classify, add_run})
    add(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    const int status = app.exit(wrong);
    return status == 0 ? 0 : 2;
  }
  const Result<int> status = chosen.run();
  if (status.ok()) return *status;
  std::fprintf(stderr, "narrowgate: %s\n", status.error().detail.c_str());
  return 1;
}

}  // namespace narrowgate::cli
