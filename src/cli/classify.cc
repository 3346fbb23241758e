// narrowgate classify: what statements mean, by the code that decides about them.
#include <iostream>

#include "cli/cli.h"
#include "net/loop.h"
#include "protocol/postgres/sql/catalog_load.h"
#include "protocol/postgres/sql/classify_lines.h"

namespace narrowgate::cli {
namespace {

Result<Done> classify(const std::string& conninfo) {
  NG_TRY(const auto watch, postgres::CatalogWatch::open(conninfo));
  std::ios::sync_with_stdio(false);
  NG_TRY_VOID(postgres::classify_lines(std::cin, std::cout, [&] { return watch->now(); }));
  std::cout.flush();
  if (!std::cout) return Error{Code::unavailable, Blame::client, "standard output cannot be written to"};
  return Done{};
}

// On a thread of ours: deep statements need the stack that the gateway's own threads have.
Result<int> run(const std::string& conninfo) {
  Result<Done> result = Done{};
  net::Thread::start("classify", [&] { result = classify(conninfo); }).join();
  if (!result.ok()) return result.error();
  return 0;
}

}  // namespace

void add_classify(CLI::App& app, Chosen& chosen) {
  CLI::App* classify = app.add_subcommand("classify", "Say what statements read and write");
  classify->require_subcommand(1);
  auto dsn = std::make_shared<std::string>();
  CLI::App* postgres = classify->add_subcommand(
      "postgres", "JSON Lines {\"id\",\"sql\"} in, {\"id\",\"class\",\"reads\",\"writes\",\"verbs\",\"why\"} out");
  postgres
      ->add_option("--dsn", *dsn,
                   "the database whose catalog gives names their meaning: a postgresql:// URL or libpq's key=value")
      ->required();
  postgres->callback([dsn, &chosen] { chosen.run = [dsn] { return run(*dsn); }; });
}

}  // namespace narrowgate::cli
