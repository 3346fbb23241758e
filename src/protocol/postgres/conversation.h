// One PostgreSQL client's conversation: the only place where bytes, meaning and the session's verdicts meet.
//
//   client ──▶ Reader ──▶ next(): names, meaning ──▶ session decides ──▶ forward() ──▶ upstream
//   client ◀── ClientSide ◀── Relay ◀── Answers (what is owed, in order) ◀────────── upstream
//
// The session's coroutine drives the upper line, the relay's the lower one; both live on one loop.
#pragma once

#include <memory>

#include "protocol/postgres/answers.h"
#include "protocol/postgres/cancel_keys.h"
#include "protocol/postgres/catalogs.h"
#include "protocol/postgres/client_side.h"
#include "protocol/postgres/greeting.h"
#include "protocol/postgres/masked_answer.h"
#include "protocol/postgres/names.h"
#include "protocol/postgres/reader.h"
#include "protocol/postgres/relay.h"
#include "protocol/postgres/request.h"
#include "protocol/postgres/understanding.h"
#include "protocol/postgres/upstream.h"
#include "protocol/postgres/warm.h"
#include "protocol/protocol.h"

namespace narrowgate::postgres {

// What all conversations of one listener share. Outlives them.
struct Common {
  GreetingOptions greeting;
  net::Pool& pool;
  Catalogs& catalogs;
  CancelKeys& cancel_keys;
  WarmUpstreams& warm;
  ScramMemory& scram_memory;
  const masking::Masks& masks;
  const Clock& clock;
};

class PostgresConversation final : public Conversation, private Creditor {
 public:
  PostgresConversation(Common& common, std::unique_ptr<net::Stream> client);
  ~PostgresConversation() override;

  Task<Result<std::optional<Hello>>> greet() override;
  Task<Result<Proof>> prove(Challenge challenge) override;
  Task<Result<Done>> open(OpenPermit permit, Upstream upstream, Welcome welcome, Ears& ears) override;
  Task<Result<std::unique_ptr<Request>>> next() override;
  Task<Result<Done>> forward(std::uint64_t number, Permitted permitted) override;
  Task<Result<Done>> refuse(std::unique_ptr<Request> request, Denial denial) override;
  Task<Result<Done>> answer(std::unique_ptr<Request> request, Table table) override;
  Task<Result<Done>> pin(Request& request) override;
  std::string how_to_ask(std::string_view decision) const override;
  Task<Result<Done>> notify(std::string message) override;
  Task<HoldEnd> wait(net::Event& decided, Duration at_most) override;
  Task<void> dismiss(Denial denial) override;
  void terminate(const Denial& denial) override;
  void cancel() override;
  Task<void> close() override;
  net::Address peer() const override;
  std::optional<net::TlsInfo> tls() const override;

 private:
  using RequestPtr = std::unique_ptr<PostgresRequest>;
  using StatementPtr = std::shared_ptr<const Statement>;
  using PreparedPtr = std::shared_ptr<const Prepared>;
  using PortalPtr = std::shared_ptr<const Portal>;

  // opening.cc
  Task<Result<Done>> connect_upstream(std::vector<Setting> settings);
  Task<Result<bool>> take_warm(const std::vector<Setting>& settings);
  Task<Result<Done>> read_catalog();
  Task<Result<Done>> welcome_client(const Welcome& welcome, const Catalog& catalog);
  Task<void> relay_until_end();
  Task<Result<Done>> turn_away(Error error);

  // incoming.cc: one client message at a time
  Task<Result<RequestPtr>> take(const Frame& frame);
  Task<Result<RequestPtr>> refuse_excess(char type);
  std::optional<RequestPtr> take_at_once(const frontend::Message& message, const Frame& frame);
  Task<Result<RequestPtr>> take_in_turn(frontend::Message message, Frame frame);
  void take_sync();
  Task<Result<bool>> take_copy(const frontend::Message& message, char type);
  Task<Result<Done>> outside_copy(char type);
  Task<Result<RequestPtr>> take_query(std::string_view text);
  RequestPtr query_for(std::string_view text, StatementPtr statement);
  Task<Result<RequestPtr>> take_parse(const frontend::Parse& parse, ByteView body);
  RequestPtr parse_for(const frontend::Parse& parse, ByteView body, StatementPtr statement);
  Task<Result<Done>> take_bind(const frontend::Bind& bind, ByteView body);
  bool room_for_portal(std::string_view name) const;
  PortalPtr name_portal(const frontend::Bind& bind, ByteView body, PreparedPtr prepared, StatementPtr statement);
  void send_bind(const frontend::Bind& bind, PortalPtr portal);
  Task<Result<Done>> take_describe(const frontend::Describe& describe);
  const GatewayCall* described_by_gateway(const frontend::Describe& describe) const;
  void send_describe(const frontend::Describe& describe);
  StatementPtr described_statement(const frontend::Describe& describe) const;
  Task<Result<RequestPtr>> take_execute(const frontend::Execute& execute, ByteView body);
  RequestPtr execute_for(const frontend::Execute& execute, ByteView body, PortalPtr portal, StatementPtr statement);
  Task<Result<Done>> take_close(const frontend::Close& close);
  Task<Result<RequestPtr>> take_function_call(frontend::FunctionCall call, ByteView body);

  // meaning.cc: what a text means now
  StatementPtr recall(std::string_view text);
  StatementPtr recall(const Prepared& prepared);
  Task<Result<StatementPtr>> understand(std::string_view text);
  Task<Result<StatementPtr>> understand_again(const Prepared& prepared);
  Task<Result<StatementPtr>> read(std::string_view text);
  Task<Result<bool>> look_around();
  bool take_up_catalog();
  bool meaning_is_settled() const;
  // masked.cc: what of masked columns comes and goes
  bool brings_back_a_mask(const PostgresRequest& request) const;
  bool is_mask(std::string_view value, const Statement& statement) const;
  bool may_bring_masks(const Statement& statement) const;
  bool holds_a_mask(const frontend::Bind& bind, const Statement& statement) const;
  RequestPtr looked_at(RequestPtr request) const;
  bool settled_and_certain();
  Task<Result<Done>> settle_meaning();
  Task<void> settle_definitions();
  std::string_view uncertain() const;
  std::uint64_t epoch() const { return uncertain().empty() ? understanding_.epoch() : 0; }
  Task<Result<Done>> violation(Error error);

  // outgoing.cc
  Task<Result<Done>> flush(Duration at_most = Duration::max());
  Task<Result<Done>> flush_after_cancel(Duration at_most);
  Task<Result<Done>> finish_flush(Task<Result<Done>> writing);
  Task<Result<Done>> until(bool (PostgresConversation::*ready)() const);
  Task<Result<Done>> drained();
  Task<Result<OwnQuery>> ask(std::string sql);
  Task<Result<OwnQuery>> ask_in_step(std::string sql);
  bool nothing_owed() const { return answers_.empty(); }
  bool meaning_settled() const { return !answers_.meaning_at_stake(); }
  bool names_settled() const { return !answers_.names_at_stake(); }
  bool copy_settled() const { return !answers_.copy_awaited(); }
  Task<Result<Done>> say_answers();
  Task<Result<Done>> say_local(Bytes bytes);
  void queue(std::uint64_t number, const Permitted& permitted);
  Debt debt_for(std::uint64_t number, const Permitted& permitted);
  void send(const PostgresRequest& request);

  // guarded.cc: a ceiling, or an approval whose meaning is checked again where it runs
  Task<Result<Done>> forward_guarded(std::uint64_t number, Permitted permitted);
  Task<void> look_ahead(PostgresRequest& request);
  Task<Result<OwnQuery>> ask_for_stamps(const PostgresRequest& request);
  Task<Result<Done>> forward_plainly(std::uint64_t number, const Permitted& permitted);
  Task<Result<Done>> forward_alone(std::uint64_t number, Permitted permitted);
  Task<Result<Done>> run_watched(std::uint64_t number, const Permitted& permitted);
  Task<Result<Done>> judge(std::uint64_t number, const Permitted& permitted);
  Task<Result<Done>> accept(const PostgresRequest& request, const Debt& judged);
  Task<Result<Done>> undo(const PostgresRequest& request, const Denial& denial);
  Task<Result<Done>> end_step(const PostgresRequest& request);

  // Creditor
  void settled(const Debt& debt, bool ran) override;
  void own_finished() override;
  void copy_begun() override;
  void transaction_status(char status) override;
  void parameter_reported(std::string_view name) override;
  Result<Done> described(const Debt& debt, ByteView row_description) override;
  void over_budget(const Debt& debt) override;
  void took(std::uint64_t rows, std::uint64_t bytes) override { ears_->took(rows, bytes); }
  Allowance allowance() const override { return ears_->allowance(); }
  std::string limit_message(const Debt& debt, bool fatal) override;

  void finished(const Debt& debt, bool ran);
  Outcome outcome_of(const Debt& debt, bool ran) const;
  void name_settled(const Debt& debt, bool ran);
  void meaning_changed_by(const Debt& debt, bool ran);
  void forget_names(const std::vector<StatementFacts>& facts);
  void begin_cursors(const Debt& debt);
  // put_away.cc
  bool may_be_kept() const;
  Task<bool> put_away();
  Task<void> watch_putting_away();

  Task<bool> client_is_there();
  Task<void> last_answers();
  Task<void> watch_time(Duration shortest);
  void cancelled_by_client();
  void start_cancel();
  Task<void> cancel_running();
  Task<void> cancel_then_close();

  Common& common_;
  ClientSide client_;
  Reader reader_;
  Introduction introduction_;

  // Once open.
  Ears* ears_ = nullptr;
  Upstream upstream_at_;
  std::unique_ptr<net::Stream> upstream_;
  UpstreamSession upstream_session_;
  std::string client_name_;  // what the client calls itself; upstream it has another name
  std::shared_ptr<CatalogSource> catalog_;
  CancelKeys::Key cancel_key_;
  Answers answers_;
  std::optional<Relay> relay_;
  net::TaskGroup tasks_;
  std::string warm_key_, search_path_;  // of the upstream connection, as it was when it was new
  bool relay_stopped_ = false;          // with nothing owed, and the connection as good as before
  net::Event put_away_;
  net::Event closing_;                           // no need to watch the time any more
  net::Event progress_;                          // something owed was settled, or the relay ended
  std::shared_ptr<PostgresConversation*> self_;  // how a cancel request that was posted finds us, or finds us gone

  Names names_;
  Understanding understanding_;
  Bytes out_;                     // for the upstream, not sent yet
  bool skipping_ = false;         // the client's messages are discarded up to its Sync: the gateway refused one
  bool meaning_changed_ = false;  // settings must be read again before the next text is judged
  bool meaning_in_transaction_ = false;
  bool definitions_changed_ = false;         // the catalog must be read again before the next text is judged
  bool definitions_in_transaction_ = false;  // and cannot be: nobody else sees them yet
  bool terminated_ = false;
  bool closed_ = false;
  bool relay_ended_ = false;
  bool cancelling_ = false;    // a cancel is on its way upstream: nothing new is sent, lest it hit that
  bool cancel_asked_ = false;  // by the client, since it sent the request at hand
  bool watching_time_ = false;
  bool pin_failed_ = false;  // the request at hand cannot run any more
  struct Judged {
    Debt debt;
    bool ran;
  };
  MonoTime settled_at_{};         // when the last of the session's requests ended: until then the next one waited
  std::optional<Judged> judged_;  // the guarded execution, once it is settled
  net::Event* hold_ = nullptr;    // the one being waited for
};

}  // namespace narrowgate::postgres
