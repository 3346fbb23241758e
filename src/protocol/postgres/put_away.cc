// PostgresConversation: an upstream connection that the next client of the same grant may have.
#include "base/limits.h"
#include "protocol/postgres/conversation.h"

namespace narrowgate::postgres {
namespace {

constexpr Duration kPutAwayWait = std::chrono::seconds(2);  // for an upstream to forget a session

// True if nothing of a session is left: all that DISCARD ALL takes away, and what changes the meaning of text.
std::string nothing_is_left(std::string_view search_path) {
  return fmt::format(
      "SELECT CURRENT_USER OPERATOR(pg_catalog.=) SESSION_USER AND pg_catalog.current_setting('search_path') "
      "OPERATOR(pg_catalog.=) $narrowgate${}$narrowgate$ AND NOT EXISTS (SELECT FROM pg_catalog.pg_prepared_statements) AND NOT "
      "EXISTS (SELECT FROM "
      "pg_catalog.pg_cursors) AND NOT EXISTS (SELECT FROM pg_catalog.pg_listening_channels()) AND NOT EXISTS (SELECT FROM "
      "pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())",
      search_path);
}

}  // namespace

bool PostgresConversation::may_be_kept() const {
  return upstream_at_.warm && upstream_ && !terminated_ && !relay_ended_ && !cancelling_ && answers_.empty() &&
         !answers_.work_since_sync() && answers_.transaction() == 'I' && !answers_.ended_by_upstream() && out_.empty();
}

// A server that does not answer loses its connection, and nobody waits for it.
Task<void> PostgresConversation::watch_putting_away() {
  const net::Wake wake = co_await put_away_.wait(kPutAwayWait);
  if (wake == net::Wake::timed_out && upstream_) upstream_->close();
}

// True: it is somebody else's now.
Task<bool> PostgresConversation::put_away() {
  answers_.client_left();
  tasks_.start(watch_putting_away());
  const Result<OwnQuery> forgotten = co_await ask("DISCARD ALL");
  bool clean = forgotten.ok() && !forgotten->failed();
  if (clean) {
    relay_->stop_when_idle();
    const Result<OwnQuery> looked = co_await ask(nothing_is_left(search_path_));
    clean = looked.ok() && looked->rows.size() == 1 && looked->rows[0].size() == 1 && looked->rows[0][0] == "t";
  }
  while (clean && !relay_ended_) (void)co_await progress_.wait(Duration::max());
  put_away_.set();
  // A cancel still on its way would hit the next client's work.
  clean = clean && relay_stopped_ && !terminated_ && !cancelling_ && upstream_->is_open();
  if (clean) common_.warm.keep(warm_key_, {std::move(upstream_), std::move(upstream_session_), std::nullopt}, *upstream_at_.warm);
  co_return clean;
}

}  // namespace narrowgate::postgres
