// PostgresConversation: from hello to ReadyForQuery.
#include "base/limits.h"
#include "base/log.h"
#include "protocol/postgres/conversation.h"
#include "protocol/postgres/wire/error_fields.h"
#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {
namespace {

// Settings any client may ask for at connect: they change how values look or how long the server is patient, not what text means
// or who may do what.
bool is_harmless_at_connect(const Setting& setting) {
  static constexpr std::string_view harmless[] = {"application_name",
                                                  "bytea_output",
                                                  "client_min_messages",
                                                  "datestyle",
                                                  "extra_float_digits",
                                                  "geqo",
                                                  "idle_in_transaction_session_timeout",
                                                  "idle_session_timeout",
                                                  "intervalstyle",
                                                  "jit",
                                                  "lc_messages",
                                                  "lc_monetary",
                                                  "lc_numeric",
                                                  "lc_time",
                                                  "lock_timeout",
                                                  "statement_timeout",
                                                  "timezone",
                                                  "transaction_timeout",
                                                  "work_mem",
                                                  "tcp_user_timeout"};
  if (setting.name == "client_encoding") return is_ascii_safe_encoding(setting.value);
  return std::find(std::begin(harmless), std::end(harmless), setting.name) != std::end(harmless);
}

// Does any of them change what a text means? Then the session's settings are read before the first text is judged.
bool choose_meaning(const std::vector<Setting>& settings) {
  const auto changes = [](const Setting& setting) { return !is_harmless_at_connect(setting); };
  return std::any_of(settings.begin(), settings.end(), changes);
}

std::vector<ObjectName> table_names(const Catalog& catalog) {
  std::vector<ObjectName> out;
  for (const TableName& table : catalog.tables()) out.push_back({table.schema, table.name});
  return out;
}

}  // namespace

PostgresConversation::PostgresConversation(Common& common, std::unique_ptr<net::Stream> client)
    : common_(common),
      client_(std::move(client)),
      reader_(client_.stream()),
      answers_(*this),
      tasks_(client_.stream().loop()),
      put_away_(client_.stream().loop()),
      closing_(client_.stream().loop()),
      progress_(client_.stream().loop()),
      self_(std::make_shared<PostgresConversation*>(this)) {}

PostgresConversation::~PostgresConversation() = default;

net::Address PostgresConversation::peer() const { return const_cast<ClientSide&>(client_).stream().peer(); }
std::optional<net::TlsInfo> PostgresConversation::tls() const { return const_cast<ClientSide&>(client_).stream().tls(); }

Task<Result<std::optional<Hello>>> PostgresConversation::greet() {
  NG_CO_TRY(auto startup, co_await greet_client(client_, reader_, common_.greeting, common_.cancel_keys));
  if (!startup) co_return std::optional<Hello>();
  Result<Introduction> introduction = introduce(*startup);
  if (!introduction.ok()) {
    const Error error = introduction.error();
    co_await dismiss_client(client_, refusal_for(error, Moment::connect));
    co_return error;
  }
  introduction_ = std::move(introduction).take();
  introduction_.minor = agreed_minor(*startup);
  co_return std::optional<Hello>(introduction_.hello);
}

Task<Result<Proof>> PostgresConversation::prove(Challenge challenge) {
  co_return co_await prove_client(client_, reader_, std::move(challenge));
}

Task<void> PostgresConversation::dismiss(Denial denial) {
  co_await dismiss_client(client_, refusal_for(denial, Moment::connect));
}

Task<Result<Done>> PostgresConversation::open(OpenPermit, Upstream upstream, Welcome welcome, Ears& ears) {
  ears_ = &ears;
  upstream_at_ = std::move(upstream);
  std::vector<Setting> settings;
  for (const Setting& setting : introduction_.settings) {
    if (!upstream_at_.client_settings && !is_harmless_at_connect(setting)) {
      Refusal refusal;
      refusal.sqlstate = "42501";
      refusal.message = fmt::format("narrowgate: setting \"{}\" cannot be chosen at connect", printable_text(setting.name));
      refusal.hint = "Leave it out of the connection's options, or set it inside the session if the task allows it.";
      co_await dismiss_client(client_, std::move(refusal));
      co_return Error{Code::refused, Blame::client, fmt::format("startup setting {}", setting.name)};
    }
    if (setting.name == "application_name" && !upstream_at_.application_name.empty()) {
      client_name_ = setting.value;
      continue;
    }
    settings.push_back(setting);
  }
  if (!upstream_at_.application_name.empty()) settings.push_back({"application_name", upstream_at_.application_name});
  if (upstream_at_.statement_max.count() > 0)
    settings.push_back({"statement_timeout", std::to_string(upstream_at_.statement_max.count())});
  const bool client_chose_meaning = choose_meaning(settings);
  if (upstream_at_.account) {
    // Names mean to the grant's role what they mean to the login that the catalog was read with.
    NG_CO_TRY_VOID(co_await read_catalog());
    if (const auto known = catalog_->current()) settings.push_back({"search_path", known->search_path()});
  }
  NG_CO_TRY_VOID(co_await connect_upstream(std::move(settings)));
  if (!catalog_) NG_CO_TRY_VOID(co_await read_catalog());
  const std::shared_ptr<const Catalog> catalog = catalog_->current();
  if (!catalog) {
    const Error too_old{Code::unavailable, Blame::upstream, "the catalog is too old"};
    co_return co_await turn_away(too_old);
  }
  understanding_.begin(catalog, upstream_session_.parameters, upstream_at_.account ? upstream_at_.account->user : "");
  if (upstream_at_.detectors) understanding_.state().look_into_values();
  meaning_changed_ = client_chose_meaning;
  if (!upstream_at_.application_name.empty()) {
    understanding_.state().fix_name();
    if (upstream_session_.parameters.contains("application_name"))
      upstream_session_.parameters["application_name"] = printable_text(client_name_);
  }

  // The relay begins when the client has been welcomed: news from the upstream must not come before the end of the login.
  NG_CO_TRY_VOID(co_await welcome_client(welcome, *catalog));
  if (terminated_) co_return Error{Code::closed, Blame::gateway, "the session was ended while it opened"};
  search_path_ = catalog->search_path();
  const auto words = upstream_at_.raw_messages ? Relay::Words::raw : Relay::Words::printable;
  relay_.emplace(*upstream_, client_, answers_, words, upstream_at_.detectors.get());
  tasks_.start(relay_until_end());
  co_return Done{};
}

// The session may have been ended while this waited: whoever called close() by then did not know of the connection.
Task<Result<Done>> PostgresConversation::connect_upstream(std::vector<Setting> settings) {
  NG_CO_TRY(const bool warm, co_await take_warm(settings));
  if (terminated_) co_return Error{Code::closed, Blame::gateway, "the session was ended while it opened"};
  if (warm) co_return Done{};
  auto opened = co_await open_upstream(client_.stream().loop(), common_.pool, upstream_at_, std::move(settings),
                                       limits::upstream_connect_deadline, &common_.scram_memory);
  if (terminated_) co_return Error{Code::closed, Blame::gateway, "the session was ended while it opened"};
  if (!opened.ok()) co_return co_await turn_away(opened.error());
  if (opened->refusal) {
    const Error error{Code::refused, Blame::upstream, fmt::format("{}: {}", opened->refusal->sqlstate, opened->refusal->message)};
    co_await dismiss_client(client_, refusal_for(*opened->refusal));
    co_return error;
  }
  upstream_ = std::move(opened->stream);
  upstream_session_ = std::move(opened->session);
  co_return Done{};
}

// One that an earlier client of this grant left, under this session's name.
Task<Result<bool>> PostgresConversation::take_warm(const std::vector<Setting>& settings) {
  if (!upstream_at_.warm) co_return false;
  warm_key_ = warm_key(upstream_at_, settings);
  std::string name;
  for (const Setting& setting : settings)
    if (setting.name == "application_name") name = setting.value;
  if (name.find_first_of("'\\") != std::string::npos) co_return false;
  const std::size_t apart = upstream_at_.client_settings ? warm_apart_passing : 1;
  for (;;) {
    std::optional<OpenedUpstream> kept = co_await common_.warm.take(client_.stream().loop(), warm_key_, apart);
    if (!kept) co_return false;
    const std::string rename = fmt::format("SET application_name = '{}'", name);
    const Result<bool> renamed = co_await ask_alone(*kept->stream, rename, limits::upstream_connect_deadline);
    if (!renamed.ok() || !*renamed) continue;  // it died meanwhile
    upstream_ = std::move(kept->stream);
    upstream_session_ = std::move(kept->session);
    upstream_session_.parameters["application_name"] = name;
    co_return true;
  }
}

Task<Result<Done>> PostgresConversation::read_catalog() {
  auto catalog = co_await common_.catalogs.get(client_.stream().loop(), upstream_at_);
  if (!catalog.ok()) co_return co_await turn_away(catalog.error());
  catalog_ = std::move(catalog).take();
  co_return Done{};
}

Task<Result<Done>> PostgresConversation::turn_away(Error error) {
  co_await dismiss_client(client_, refusal_for(error, Moment::connect));
  co_return error;
}

Task<Result<Done>> PostgresConversation::welcome_client(const Welcome& welcome, const Catalog& catalog) {
  const std::size_t key_bytes = introduction_.minor >= 2 ? 32 : 4;
  cancel_key_ =
      common_.cancel_keys.add(upstream_session_.process, key_bytes, client_.stream().loop(), [self = std::weak_ptr(self_)] {
        if (const auto alive = self.lock()) (*alive)->cancelled_by_client();
      });
  Bytes out;
  answer::authentication_ok(out);
  for (const auto& [name, value] : upstream_session_.parameters) answer::parameter_status(out, name, value);
  answer::backend_key_data(out, cancel_key_.process, cancel_key_.secret);
  for (const std::string& text : welcome.notices(table_names(catalog))) write(out, notice_of(text));
  answer::ready_for_query(out, TransactionStatus::idle);
  co_return co_await client_.say(std::string(as_text(out)));
}

Task<void> PostgresConversation::relay_until_end() {
  const Result<Done> ended = co_await relay_->run();
  if (ended.ok()) {
    relay_stopped_ = relay_ended_ = true;
    co_return progress_.set();
  }
  const Error& why = ended.error();
  relay_ended_ = true;
  if (!terminated_ && client_.stream().is_open()) {
    if (why.blame == Blame::upstream && why.code != Code::closed)
      log_warning("upstream broke the protocol", {{"resource", upstream_at_.resource}, {"why", why.detail}});
    Bytes out;
    write(out, refusal_for(Error{Code::closed, Blame::upstream, "the upstream closed the connection"}, Moment::session));
    if (!answers_.last_words().empty()) client_.last_words(answers_.last_words());
    else if (!answers_.ended_by_upstream()) client_.last_words(as_text(out));
  }
  client_.close();
  progress_.set();
  // A client that is gone, or too slow: what it asked for goes on upstream until somebody says otherwise.
  if (why.blame != Blame::upstream && !terminated_ && !answers_.empty()) co_await cancel_running();
  answers_.abandon();
  upstream_->close();
  progress_.set();
}

}  // namespace narrowgate::postgres
