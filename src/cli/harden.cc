// narrowgate resources harden: SQL for whoever administers the database behind a resource.
#include "protocol/postgres/roles/harden.h"
#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "cli/print.h"

namespace narrowgate::cli {
namespace {

struct Options {
  Where where;
  std::string resource;
};

Result<int> harden(const Options& options) {
  NG_TRY(const config::Config config, load_config(options.where));
  const config::Resource* resource = config.resource(options.resource);
  if (resource == nullptr)
    return Error{Code::not_found, Blame::client, fmt::format("resource \"{}\" is not in the configuration", options.resource)};
  print_line(postgres::hardening(config, *resource));
  return 0;
}

}  // namespace

void add_harden(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.get_subcommand("resources")
                          ->add_subcommand("harden", "Print SQL for its database: the gateway's login, and what it may hand on");
  options->where.add_to(*command);
  command->add_option("resource", options->resource, "which")->required();
  command->callback([options, &chosen] { chosen.run = [options] { return harden(*options); }; });
}

}  // namespace narrowgate::cli
