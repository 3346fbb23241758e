// `narrowgate …`: parses the command line and runs one subcommand.
//
// Exit status: 0 done, 1 failed (the reason is on standard error), 2 wrong use. Data goes to standard output.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "base/result.h"

namespace narrowgate::cli {

// Set by the chosen subcommand; run after parsing.
struct Chosen {
  std::function<Result<int>()> run;  // → exit status
};

int main(int argc, char** argv);

// Each adds its subcommands to `app`.
void add_serve(CLI::App& app, Chosen& chosen);
void add_init(CLI::App& app, Chosen& chosen);
void add_doctor(CLI::App& app, Chosen& chosen);
void add_login(CLI::App& app, Chosen& chosen);
void add_agents(CLI::App& app, Chosen& chosen);
void add_lists(CLI::App& app, Chosen& chosen);
void add_harden(CLI::App& app, Chosen& chosen);  // below what add_lists() made
void add_approvals(CLI::App& app, Chosen& chosen);
void add_sessions(CLI::App& app, Chosen& chosen);
void add_revoke(CLI::App& app, Chosen& chosen);
void add_policy(CLI::App& app, Chosen& chosen);
void add_classify(CLI::App& app, Chosen& chosen);
void add_run(CLI::App& app, Chosen& chosen);

}  // namespace narrowgate::cli
