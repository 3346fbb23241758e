// narrowgate serve: the gateway itself.
#include <pthread.h>

#include <csignal>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/gateway_client.h"
#include "config/load.h"
#include "serve/gateway.h"

namespace narrowgate::cli {
namespace {

constexpr auto kTick = std::chrono::seconds(1);

struct Options {
  std::string config;
  std::string drain = "10s";
};

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

void announce(const serve::Gateway& gateway, const config::Config& config) {
  log_info("gateway ready", {{"postgres", gateway.postgres_address().to_string()},
                             {"https", gateway.https_address().to_string()},
                             {"admin", gateway.admin_address().to_string()},
                             {"data_dir", config.data_dir}});
}

// Ticks once a second until it is told to stop. SIGHUP reads the policies again, as does a change of theirs.
void look_after(serve::Gateway& gateway, const sigset_t& signals) {
  const timespec wait{kTick.count(), 0};
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == SIGINT || signal == SIGTERM) return;
    gateway.tick();
    if (signal == SIGHUP) gateway.reload_policies();
  }
}

Result<int> run(const Options& options) {
  config::Loaded loaded = config::load(options.config);
  for (const config::Complaint& warning : loaded.warnings)
    std::fprintf(stderr, "warning: %s\n", config::to_string(warning).c_str());
  if (!loaded.config)
    return Error{Code::malformed, Blame::client,
                 fmt::format("{} has errors:\n{}", options.config, config::to_string(loaded.errors))};
  NG_TRY(const auto patience, parse_duration(options.drain));
  const auto config = std::make_shared<const config::Config>(*std::move(loaded.config));

  // Before the first thread, so that every thread leaves them to us.
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  log_start(config->log.level, config->log.format == config::LogFormat::json);
  const SystemClock clock;
  NG_TRY(auto gateway, serve::Gateway::start(config, clock));
  announce(*gateway, *config);
  look_after(*gateway, signals);
  log_info("gateway stopping", {{"sessions", gateway->sessions()}, {"drain", options.drain}});
  gateway->stop(patience);
  log_info("gateway stopped");
  log_stop();
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("serve", "Run the gateway");
  command->add_option("--config,-c", options->config, "narrowgate.yaml")->required();
  command->add_option("--drain", options->drain, "how long running statements may go on after SIGTERM")->capture_default_str();
  command->callback([options, &chosen] { chosen.run = [options] { return run(*options); }; });
}

}  // namespace narrowgate::cli
