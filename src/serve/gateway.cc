#include "serve/gateway.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "base/log.h"
#include "config/load.h"
#include "http/client.h"
#include "masking/key.h"
#include "protocol/postgres/postgres.h"
#include "protocol/postgres/roles/grant_roles.h"
#include "session/end_task.h"
#include "session/run.h"
#include "store/sqlite/sqlite_store.h"

namespace narrowgate::serve {
namespace {

constexpr std::size_t kPoolThreads = 8;  // SQLite, catalogs, DNS: they wait, they do not compute
constexpr Duration kReapEvery = std::chrono::minutes(10);
constexpr std::size_t kLoopsMax = 16;  // one per core up to here; each has a journal of its own
// Of one task, over all its connections: an agent that is refused eight times a second is not working.
constexpr grant::DenialBurst kDenialBurst{500, std::chrono::minutes(1)};

net::Address at(const config::Address& address) { return {address.host, address.port}; }

Result<std::string> read_file(const std::string& path, const char* what) {
  const auto read = config::bounded_file_reader();
  Result<std::string> text = read(path);
  if (text.ok()) return text;
  return Error{Code::not_found, Blame::gateway, fmt::format("{}: {} cannot be read: {}", what, path, text.error().detail)};
}

// Everything a client might call this machine, for the certificate that the gateway makes itself.
std::vector<std::string> own_names(const config::Config& config) {
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
  for (const config::Address* address : {config.listeners.postgres ? &config.listeners.postgres->address : nullptr,
                                         config.listeners.https ? &config.listeners.https->address : nullptr})
    if (address != nullptr && address->host != "0.0.0.0" && address->host != "::" &&
        std::find(names.begin(), names.end(), address->host) == names.end())
      names.push_back(address->host);
  return names;
}

// nullptr: the listener does without TLS.
Result<std::shared_ptr<const net::TlsServer>> tls_for(const config::Config& config, const config::ListenerTls& tls,
                                                      std::vector<std::string> alpn) {
  net::TlsServerOptions options;
  options.alpn = std::move(alpn);
  if (tls.source == config::TlsSource::off) return std::shared_ptr<const net::TlsServer>();
  if (tls.source == config::TlsSource::automatic) {
    NG_TRY(auto own, net::own_certificate(config.data_dir + "/tls", own_names(config)));
    options.certificate_pem = std::move(own.certificate_pem);
    options.key_pem = std::move(own.key_pem);
  } else {
    NG_TRY(options.certificate_pem, read_file(tls.certificate, "listener certificate"));
    NG_TRY(options.key_pem, read_file(tls.key, "listener key"));
  }
  if (!tls.client_ca.empty()) {
    NG_TRY(options.client_ca_pem, read_file(tls.client_ca, "client CA"));
  }
  return net::TlsServer::create(options);
}

recording::Options recorder_options(const config::Config& config, std::size_t writers) {
  recording::Options options;
  options.folder = config.data_dir + "/recording";
  options.log_name = config.recording.log_name;
  options.writers = writers;
  options.durability =
      config.recording.durability == config::Durability::disk ? recording::Durability::disk : recording::Durability::process;
  options.seal_every = config.recording.checkpoint;
  return options;
}

// What a folder of policies looks like from outside: names, sizes and times. "" for the built-in ones, which never change.
std::string look_of(const std::string& folder) {
  std::set<std::string> files;
  std::error_code failed;
  if (folder.empty()) return {};
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() != ".cedar") continue;
    std::error_code gone;
    files.insert(fmt::format("{} {} {}", at->path().filename().string(), at->file_size(gone),
                             at->last_write_time(gone).time_since_epoch().count()));
  }
  return fmt::format("{}", fmt::join(files, "\n"));
}

std::size_t loops_wanted() { return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kLoopsMax); }

// The same over restarts, and another gateway's is another: who signs the log.
std::string mark_of(const recording::Recorder& recorder) {
  const Digest digest = sha256(recorder.verifier().vkey());
  return to_hex(ByteView(digest).first(4));
}

Result<std::unique_ptr<masking::Masks>> masks_for(const config::Config& config) {
  if (config.masking_key) {
    const ByteView given = as_bytes(config.masking_key->expose());
    return std::make_unique<masking::Masks>(masking::Key(Bytes(given.begin(), given.end())));
  }
  NG_TRY(auto key, masking::own_key(config.data_dir + "/masking.key"));
  return std::make_unique<masking::Masks>(std::move(key));
}

}  // namespace

Gateway::Gateway(std::shared_ptr<const config::Config> config, const Clock& clock)
    : config_(std::move(config)), clock_(clock), registry_(clock, kDenialBurst), pool_(kPoolThreads) {}

Result<std::unique_ptr<Gateway>> Gateway::start(std::shared_ptr<const config::Config> config, const Clock& clock) {
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(config), clock));
  NG_TRY_VOID(gateway->build());
  NG_TRY_VOID(gateway->remember_the_past());
  NG_TRY_VOID(gateway->listen());
  return gateway;
}

Result<Done> Gateway::build() {
  NG_TRY(auto folder, store::FolderLock::take(config_->data_dir));
  folder_.emplace(std::move(folder));
  NG_TRY(store_, store::open_sqlite(config_->data_dir));
  NG_TRY(masks_, masks_for(*config_));
  for (std::size_t i = 0; i < loops_wanted(); ++i) workers_.push_back({std::make_unique<net::Loop>(), std::nullopt});
  NG_TRY(recorder_, recording::Recorder::open(recorder_options(*config_, workers_.size()), clock_));

  const identity::Fetch fetch = [](const std::string& url) { return http::get_blocking(url); };
  NG_TRY(agents_, identity::Agents::create(config_, store_->agent_keys(), fetch, clock_));
  NG_TRY(people_, identity::People::create(config_, store_->people_sessions(), agents_->tokens(), clock_));
  policies_seen_ = look_of(config_->policies);
  const policy::Loaded policies = policy::load_configured(config_->policies);
  if (!policies.set) return Error{Code::malformed, Blame::gateway, policy::to_string(policies.errors)};
  for (const policy::Complaint& warning : policies.warnings) log_warning("policy", {{"warning", policy::to_string(warning)}});
  policies_ = std::make_unique<session::Policies>(policies.set);
  approvals_ = std::make_unique<approval::Approvals>(
      store_->approvals(), clock_,
      [this](const approval::Approver& person, const approval::Approval& held) { return may_decide(person, held); });
  holds_ = std::make_unique<session::HoldDesk>(*approvals_);
  NG_TRY(credentials_, credentials::Sources::create(config_));
  accounts_ = std::make_unique<postgres::GrantRoles>(mark_of(*recorder_), clock_);
  catalogs_ = std::make_shared<postgres::Catalogs>(pool_, clock_);
  warm_ = std::make_unique<postgres::WarmUpstreams>(clock_);
  sessions_.reset(new session::Gateway{clock_, config_, *agents_, *policies_, registry_, *store_, *approvals_, *recorder_,
                                       *credentials_, *accounts_, tasks_, *holds_, pool_, metrics_});
  api_.reset(new admin::Parts{clock_, config_, *people_, *agents_, registry_, *approvals_, *store_, *recorder_, *policies_,
                              metrics_, pool_, config_->data_dir + "/recording"});
  return Done{};
}

// What was revoked stays revoked, who was suspended stays suspended, and nothing of the last run is live.
Result<Done> Gateway::remember_the_past() {
  NG_TRY(const std::uint64_t epoch, store_->revocations().epoch());
  registry_.start_at(epoch);
  NG_TRY(const auto suspended, store_->agents().suspended());
  for (const store::Suspension& one : suspended) registry_.suspend_agent(one.agent);
  NG_TRY_VOID(store_->grants().end_all_live(clock_.wall()));
  NG_TRY_VOID(store_->sessions().close_all_open(clock_.wall(), "the gateway stopped"));
  NG_TRY_VOID(approvals_->revoke({grant::Target::all, ""}, "the gateway stopped"));
  return Done{};
}

Result<Done> Gateway::listen() {
  reap_accounts();
  if (config_->listeners.postgres) NG_TRY_VOID(listen_postgres());
  NG_TRY_VOID(listen_http());
  start_loops();
  return Done{};
}

Result<Done> Gateway::listen_postgres() {
  const config::PostgresListener& listener = *config_->listeners.postgres;
  NG_TRY(auto tls, tls_for(*config_, listener.tls, {"postgresql"}));
  const auto plaintext =
      listener.plaintext == config::Plaintext::loopback ? postgres::Plaintext::allowed : postgres::Plaintext::refused;
  postgres_ = postgres::make_postgres({std::move(tls), plaintext}, *catalogs_, *warm_, pool_, *masks_, clock_);
  std::vector<net::Loop*> loops;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    loops.push_back(workers_[i].loop.get());
    entrances_.push_back(std::make_unique<session::Entrance>(session::Entrance{
        workers_[i].loop.get(), i, listener.default_resource, listener.default_template, listener.grant_notice}));
  }
  NG_TRY(postgres_listener_, net::Listener::listen(at(listener.address), loops, [this](std::unique_ptr<net::Stream> client) {
           net::Loop& loop = client->loop();
           const auto entrance =
               std::find_if(entrances_.begin(), entrances_.end(), [&](const auto& one) { return one->loop == &loop; });
           loop.spawn(session::run(*sessions_, **entrance, postgres_->converse(std::move(client))));
         }));
  return Done{};
}

Result<Done> Gateway::listen_http() {
  const std::vector<net::Loop*> first{workers_.front().loop.get()};
  if (config_->listeners.https) {
    NG_TRY(auto tls, tls_for(*config_, config_->listeners.https->tls, {"http/1.1"}));
    NG_TRY(https_, http::Server::start({.at = at(config_->listeners.https->address), .tls = std::move(tls)},
                                       admin::api_router(*api_), first));
  }
  if (config_->listeners.admin) {
    NG_TRY(machines_, http::Server::start({.at = at(config_->listeners.admin->address), .tls = nullptr},
                                          admin::machine_router(*api_), first));
  }
  return Done{};
}

void Gateway::start_loops() {
  for (Worker& worker : workers_)
    worker.thread.emplace(net::Thread::start("narrowgate-loop", [loop = worker.loop.get()] { loop->run(); }));
  started_ = true;
}

// The policies' own say on who may decide, after the separation of duties that is built in.
Result<Done> Gateway::may_decide(const approval::Approver& person, const approval::Approval& held) const {
  const policy::ApproverFacts approver{person.name, person.email, person.groups, person.approver, person.phishing_resistant};
  const policy::HeldFacts facts{held.id,          held.facts.task,         held.facts.template_name, held.facts.agent,
                                held.facts.owner, held.facts.on_behalf_of, held.facts.groups,        false};
  const policy::Verdict verdict = policies_->current()->may_decide(approver, facts, clock_.wall());
  if (verdict.kind == policy::Verdict::Kind::permit) return Done{};
  return Error{
      Code::refused, Blame::client,
      fmt::format("policy does not let {} decide this{}{}", person.name, verdict.advice.empty() ? "" : ": ", verdict.advice)};
}

void Gateway::tick() {
  registry_.sweep();
  end_left_tasks(tasks_.take_left());
  if (clock_.mono() - reaped_ >= kReapEvery) reap_accounts();
  if (const auto expired = approvals_->expire_due(); !expired.ok())
    log_warning("approvals not swept", {{"why", expired.error().detail}});
  look_at_catalogs();
  warm_->look();
  if (look_of(config_->policies) != policies_seen_) reload_policies();
}

void Gateway::end_left_tasks(std::vector<session::LiveTask> left) {
  if (left.empty()) return;
  pool_.start([this, left = std::move(left)] {
    for (const session::LiveTask& task : left)
      if (const Result<Done> ended = session::end_task(*sessions_, task); !ended.ok() && ended.error().code != Code::conflict)
        log_warning("task's end not stored", {{"task", task.task.id}, {"why", ended.error().detail}});
  });
}

void Gateway::reap_accounts() {
  reaped_ = clock_.mono();
  pool_.start([this] {
    for (const config::Resource& resource : config_->resources) {
      const Result<Upstream> upstream = credentials_->lease(resource, "");
      const Result<Done> reaped = upstream.ok() ? accounts_->reap(resource, *upstream) : Result<Done>(upstream.error());
      if (!reaped.ok())
        log_warning("roles without a grant not looked for", {{"resource", resource.name}, {"why", reaped.error().detail}});
    }
  });
}

// On the pool, one at a time: an upstream that does not answer must not hold up what else a tick does.
void Gateway::look_at_catalogs() {
  if (looking_->exchange(true)) return;
  pool_.start([catalogs = catalogs_, looking = looking_] {
    catalogs->look();
    *looking = false;
  });
}

std::vector<std::string> Gateway::reload_policies() {
  policies_seen_ = look_of(config_->policies);
  const policy::Loaded fresh = policy::load_configured(config_->policies);
  std::vector<std::string> wrong;
  for (const policy::Complaint& complaint : fresh.errors) wrong.push_back(policy::to_string(complaint));
  if (!fresh.set) {
    log_error("policies not reloaded; the old ones stay in force", {{"why", policy::to_string(fresh.errors)}});
    return wrong;
  }
  if (fresh.set->version() == policies_->current()->version()) return {};
  log_info("policies reloaded", {{"version", fresh.set->version()}});
  policies_->replace(fresh.set);
  return {};
}

// What runs upstream has `patience` to end; who is idle then is not waited for.
void Gateway::end_sessions(std::chrono::milliseconds patience) {
  const MonoTime until = clock_.mono() + patience;
  const auto busy = [&] { return registry_.preview({grant::Target::all, ""}).upstreams_busy > 0; };
  while (busy() && clock_.mono() < until) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const grant::Revoked ended =
      registry_.revoke({grant::Target::all, ""}, "the gateway is shutting down", grant::KillCause::shutdown);
  ended.stop->wait(std::chrono::seconds(10));
}

void Gateway::stop(std::chrono::milliseconds patience) {
  if (!std::exchange(started_, false)) return;
  if (postgres_listener_) postgres_listener_->stop();
  end_sessions(patience);
  if (https_) https_->stop();
  if (machines_) machines_->stop();
  for (Worker& worker : workers_) worker.loop->stop();
  for (Worker& worker : workers_) worker.thread->join();
  recorder_->close();
}

Gateway::~Gateway() { stop(std::chrono::milliseconds(0)); }

net::Address Gateway::postgres_address() const { return postgres_listener_ ? postgres_listener_->local() : net::Address{}; }
net::Address Gateway::https_address() const { return https_ ? https_->local() : net::Address{}; }
net::Address Gateway::admin_address() const { return machines_ ? machines_->local() : net::Address{}; }

}  // namespace narrowgate::serve
