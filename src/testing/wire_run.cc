#include "testing/wire_run.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "net/socket.h"
#include "protocol/postgres/postgres.h"
#include "protocol/postgres/sql/catalog_load.h"
#include "protocol/postgres/sql/catalog_queries.h"
#include "protocol/postgres/wire/messages.h"
#include "protocol/postgres/wire/startup.h"
#include "testing/permits.h"

namespace narrowgate::testing {
namespace {

constexpr std::int32_t kUpstreamProcess = 4242;
const Bytes kUpstreamKey{1, 2, 3, 4};

// A catalog of a few plain tables, each with the columns id and state.
Result<std::shared_ptr<const postgres::Catalog>> fixed_catalog(const Texts& tables) {
  namespace queries = postgres::queries;
  const postgres::QueryFn answer = [&](std::string_view sql) -> Result<postgres::Rows> {
    if (sql == queries::login) return postgres::Rows{{"public", "orders", "narrowgate_rw", "170005"}};
    if (sql == queries::snapshot) return postgres::Rows{{"700:700:", "700", "t"}};
    if (sql == queries::schemas) return postgres::Rows{{"public", "t"}, {"pg_catalog", "t"}};
    if (sql != queries::relations) return postgres::Rows{};
    postgres::Rows out;
    unsigned oid = 16400;
    for (const std::string& table : tables) {
      const auto dot = table.find('.');
      out.push_back({std::to_string(oid++), table.substr(0, dot), table.substr(dot + 1), "r", "f", "f", std::nullopt,
                     std::string("id\x1e"
                                 "23\x1e\x1e\x1f"
                                 "state\x1e"
                                 "25\x1e\x1e"),
                     std::nullopt});
    }
    return out;
  };
  return postgres::load_catalog(answer);
}

class FixedReader final : public postgres::CatalogReader {
 public:
  explicit FixedReader(const Setup& setup) : setup_(setup) {}
  Result<std::shared_ptr<const postgres::Catalog>> read(const Upstream&) override {
    if (setup_.catalog_fails()) return Error{Code::unavailable, Blame::upstream, "the catalog cannot be read"};
    if (std::exchange(read_, true)) return std::shared_ptr<const postgres::Catalog>();
    return fixed_catalog(setup_.tables);
  }

 private:
  const Setup& setup_;
  bool read_ = false;
};

postgres::CatalogReaders reader_of(const Setup& setup) {
  return [&setup] { return std::make_unique<FixedReader>(setup); };
}

// A stream's messages, one at a time.
template <class Frames>
struct Mouth {
  explicit Mouth(std::unique_ptr<net::Stream> from) : stream(std::move(from)) {}
  std::unique_ptr<net::Stream> stream;
  Frames frames;
  Bytes buffer;
  std::size_t at = 0;
  Duration quiet_max = patience;

  // nullopt: the stream has ended.
  Task<Result<std::optional<postgres::Frame>>> next() {
    for (;;) {
      Result<std::optional<postgres::Frame>> frame = frames.next(ByteView(buffer).subspan(at));
      if (!frame.ok()) co_return frame.error();
      if (*frame) {
        at += (*frame)->size;
        co_return frame;
      }
      buffer.erase(buffer.begin(), buffer.begin() + std::ptrdiff_t(std::exchange(at, 0)));
      const Result<Done> more = co_await fill();
      if (!more.ok() && more.error().code != Code::timed_out) co_return std::optional<postgres::Frame>();
      if (!more.ok()) co_return more.error();
    }
  }
  Task<Result<Done>> fill() {
    const std::size_t have = buffer.size();
    buffer.resize(have + 64 * 1024);
    const std::span<Byte> room = std::span(buffer).subspan(have);
    const Result<std::size_t> size = co_await stream->read_some(room, quiet_max);
    buffer.resize(have + (size.ok() ? *size : 0));
    if (!size.ok()) co_return size.error();
    co_return Done{};
  }
};

struct ClientFrames : postgres::FrontendFrames {
  ClientFrames() : FrontendFrames(Phase::session) {}
};
struct ServerFrames : postgres::BackendFrames {
  ServerFrames() : BackendFrames(limits::message_bytes_max) {}
};

bool fits(std::string_view said, std::string_view expected) {
  if (said == expected) return true;
  const bool may_stop_early = expected.starts_with("E ") || expected.starts_with("N ") || expected.ends_with("…");
  if (expected.ends_with("…")) expected.remove_suffix(std::string_view("…").size());
  return may_stop_early && said.starts_with(expected);
}

std::unique_ptr<net::Stream> stream_of(net::Loop& loop, int fd, Blame blame) {
  return net::make_stream(std::make_shared<net::Socket>(loop, net::Descriptor(fd), blame));
}

std::array<int, 2> connected_pair() {
  std::array<int, 2> fds{};
  NG_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return fds;
}

}  // namespace

struct Sides {
  explicit Sides(const Setup& setup) : catalogs(pool, clock, reader_of(setup)), people(loop), news(loop), tasks(loop) {
    postgres::GreetingOptions greeting;
    greeting.plaintext = postgres::Plaintext::allowed;
    protocol = postgres::make_postgres(greeting, catalogs, warm, pool, masks, clock);
  }

  SystemClock clock;
  net::Loop loop;
  net::Pool pool{2};
  postgres::WarmUpstreams warm{clock};
  masking::Masks masks{masking::Key(Bytes(32))};
  postgres::Catalogs catalogs;
  std::unique_ptr<Protocol> protocol;
  std::unique_ptr<net::Listener> listener;
  std::unique_ptr<Conversation> conversation;
  std::optional<Mouth<ServerFrames>> client;    // what the client hears
  std::optional<Mouth<ClientFrames>> upstream;  // what the upstream hears
  Bytes client_key;
  int cancels = 0;
  bool upstream_is_open = false;
  net::Event people, news;
  net::TaskGroup tasks;
};

WireRun::WireRun(const Setup& setup) : setup_(setup), sides_(std::make_unique<Sides>(setup)) {
  sides_->listener = net::Listener::listen({"127.0.0.1", 0}, {&sides_->loop}, [this](std::unique_ptr<net::Stream> stream) {
                       sides_->tasks.start(welcome_upstream(std::move(stream)));
                     }).take();
  const auto fds = connected_pair();
  sides_->client.emplace(stream_of(sides_->loop, fds[0], Blame::upstream));
  sides_->conversation = sides_->protocol->converse(stream_of(sides_->loop, fds[1], Blame::client));
}

WireRun::~WireRun() = default;

void WireRun::run(std::function<Task<void>(WireRun&)> script) {
  sides_->loop.spawn(direct(std::move(script)));
  sides_->loop.run();
  for (const std::string& failure : failures_) ADD_FAILURE() << failure;
}

Task<void> WireRun::direct(std::function<Task<void>(WireRun&)> script) {
  sides_->tasks.start(drive());
  co_await open();
  co_await script(*this);
  co_await end_both();
  sides_->listener->stop();
  co_await sides_->tasks.join();
  check_outcomes();
  sides_->loop.stop();
}

void WireRun::fail(std::string what) {
  if (failures_.empty()) failures_.push_back(std::move(what));
}

// ---- the session's place

Task<void> WireRun::drive() {
  (void)co_await converse();
  co_await sides_->conversation->close();
  driver_ended_ = true;
  sides_->news.set();
}

Task<Result<Done>> WireRun::converse() {
  Conversation& conversation = *sides_->conversation;
  NG_CO_TRY(const auto hello, co_await conversation.greet());
  if (!hello) co_return Done{};
  Challenge challenge = AskToken{};
  NG_CO_TRY_VOID(co_await conversation.prove(std::move(challenge)));
  Upstream upstream;
  upstream.resource = "orders";
  upstream.address = sides_->listener->local();
  upstream.database = "orders";
  upstream.lease.user = "narrowgate_rw";
  upstream.client_settings = true;
  Welcome welcome{[](const std::vector<ObjectName>&) { return Texts{}; }};
  NG_CO_TRY_VOID(co_await conversation.open(session::Authorizer::open_permit(), std::move(upstream), std::move(welcome), *this));
  for (;;) {
    Result<std::unique_ptr<Request>> request = co_await conversation.next();
    if (!request.ok()) co_return request.error();
    if (*request == nullptr) co_return Done{};
    NG_CO_TRY_VOID(co_await serve(std::move(request).take()));
  }
}

Task<Result<Done>> WireRun::serve(std::unique_ptr<Request> request) {
  Conversation& conversation = *sides_->conversation;
  if (request->gateway_call() != nullptr) {
    Table table{{"fact", "value"}, {{"task", "tsk_test"}}, ""};
    co_return co_await conversation.answer(std::move(request), std::move(table));
  }
  const Ruling ruling = setup_.decide(*request);
  decided_.push_back(std::string(request->text()) +
                     (request->operation()->classified ? "" : " (" + request->operation()->why + ")"));
  if (ruling.what == Ruling::What::deny) {
    Denial denial;
    denial.code = DenialCode::policy_denied;
    denial.message = "denied by the script";
    co_return co_await conversation.refuse(std::move(request), std::move(denial));
  }
  if (ruling.what == Ruling::What::hold && request->runs()) co_return co_await hold(std::move(request));
  const std::uint64_t number = request->runs() ? next_number_++ : 0;
  if (number != 0) accounted_[number] = 0;
  Permitted permitted = session::Authorizer::permit(std::move(request), ruling.enforced, ruling.approved && number != 0);
  co_return co_await conversation.forward(number, std::move(permitted));
}

Task<Result<Done>> WireRun::hold(std::unique_ptr<Request> request) {
  Conversation& conversation = *sides_->conversation;
  NG_CO_TRY_VOID(co_await conversation.pin(*request));
  NG_CO_TRY_VOID(co_await conversation.notify("held"));
  holding_ = true;
  sides_->news.set();
  HoldEnd end = HoldEnd::timed_out;
  while (end == HoldEnd::timed_out || (end == HoldEnd::decided && !people_said_))
    end = co_await conversation.wait(sides_->people, std::chrono::seconds(5));
  holding_ = false;
  if (end == HoldEnd::client_left) co_return Error{Code::closed, Blame::client, "the client left"};
  Denial denial;
  denial.code = DenialCode::approval_denied;
  denial.message = "people said no";
  if (end == HoldEnd::client_cancelled || std::exchange(people_said_, std::nullopt) != Ruling::What::permit)
    co_return co_await conversation.refuse(std::move(request), std::move(denial));
  const Ruling ruling = setup_.decide(*request);
  const std::uint64_t number = next_number_++;
  accounted_[number] = 0;
  Permitted permitted = session::Authorizer::permit(std::move(request), ruling.enforced, true);
  co_return co_await conversation.forward(number, std::move(permitted));
}

void WireRun::took(std::uint64_t, std::uint64_t) {}

void WireRun::finished(std::uint64_t request, const Outcome& outcome) {
  const auto found = accounted_.find(request);
  if (found == accounted_.end()) return fail(fmt::format("an outcome of request {}, which was never forwarded", request));
  if (++found->second > 1) fail(fmt::format("request {} has {} outcomes", request, found->second));
  outcomes_.push_back(fmt::format("{}{}{}{}", request, outcome.tag.empty() ? "" : " " + outcome.tag,
                                  outcome.sqlstate.empty() ? "" : " " + outcome.sqlstate,
                                  outcome.completed ? "" : " not completed"));
  sides_->news.set();
}

void WireRun::check_outcomes() {
  for (const auto& [number, times] : accounted_)
    if (times != 1) fail(fmt::format("request {} was forwarded and has {} outcomes", number, times));
}

// ---- the upstream's login, and cancel requests

Task<void> WireRun::welcome_upstream(std::unique_ptr<net::Stream> stream) {
  Bytes buffer(1024);
  std::size_t have = 0;
  postgres::ClientGreeting greeting;
  for (;;) {
    const std::span<Byte> room = std::span(buffer).subspan(have);
    const Result<std::size_t> size = co_await stream->read_some(room, patience);
    if (!size.ok()) co_return;
    have += *size;
    auto step = greeting.next(ByteView(buffer).first(have), false);
    if (!step.ok()) co_return fail("the upstream was greeted wrongly: " + step.error().detail);
    if (!*step) continue;
    if (const auto* cancel = std::get_if<postgres::CancelRequest>(&(*step)->packet)) {
      if (cancel->process != kUpstreamProcess || cancel->key != kUpstreamKey) fail("a cancel request with another key");
      ++sides_->cancels;
      sides_->news.set();
      co_return;
    }
    break;
  }
  Bytes out;
  postgres::answer::authentication_ok(out);
  for (const auto& [name, value] : setup_.upstream_reports) postgres::answer::parameter_status(out, name, value);
  postgres::answer::backend_key_data(out, kUpstreamProcess, kUpstreamKey);
  postgres::answer::ready_for_query(out, postgres::TransactionStatus::idle);
  (void)co_await stream->write_all(out, patience);
  sides_->upstream.emplace(std::move(stream));
  sides_->upstream_is_open = true;
  sides_->news.set();
}

// ---- steps

Task<void> WireRun::open() {
  postgres::StartupMessage startup{.minor = 0, .parameters = {{"user", "refund-bot"}, {"database", "orders"}}};
  for (std::size_t i = 0; i + 1 < setup_.startup.size(); i += 2)
    startup.parameters.push_back({setup_.startup[i], setup_.startup[i + 1]});
  Bytes out;
  postgres::write_startup(out, startup);
  postgres::frontend::write_password(out, "token");
  co_await write(*sides_->client->stream, std::move(out));
  for (;;) {
    const Result<std::optional<postgres::Frame>> frame = co_await sides_->client->next();
    if (!frame.ok() || !*frame) co_return fail("the session did not open");
    if ((*frame)->type == 'E') co_return fail("the session did not open: " + server_line(**frame));
    if ((*frame)->type == 'K') sides_->client_key.assign((*frame)->body.begin(), (*frame)->body.end());
    if ((*frame)->type == 'Z') co_return;
  }
}

// Piece by piece, with turns of the loop in between so that each piece is seen by itself.
Task<void> WireRun::write(net::Stream& stream, Bytes bytes) {
  net::Event turn(sides_->loop);
  for (ByteView left = bytes; !left.empty();) {
    const ByteView piece = left.first(std::min(setup_.piece, left.size()));
    left = left.subspan(piece.size());
    const Result<Done> written = co_await stream.write_all(piece, patience);
    if (!written.ok()) co_return;
    if (setup_.piece == whole) continue;
    for (int i = 0; i < 3; ++i) (void)co_await turn.wait(Duration::zero());
  }
}

Task<void> WireRun::client_sends(Bytes bytes) {
  if (failures_.empty()) co_await write(*sides_->client->stream, std::move(bytes));
}

Task<void> WireRun::upstream_answers(Bytes bytes) {
  if (failures_.empty()) co_await write(*sides_->upstream->stream, std::move(bytes));
}

Task<std::optional<std::string>> WireRun::next_client_line() {
  const Result<std::optional<postgres::Frame>> frame = co_await sides_->upstream->next();
  if (!frame.ok()) co_return "broken: " + frame.error().detail;
  if (!*frame) co_return std::nullopt;
  co_return client_line(**frame);
}

Task<std::optional<std::string>> WireRun::next_server_line() {
  const Result<std::optional<postgres::Frame>> frame = co_await sides_->client->next();
  if (!frame.ok()) co_return "broken: " + frame.error().detail;
  if (!*frame) co_return std::nullopt;
  co_return server_line(**frame);
}

Task<void> WireRun::upstream_sees(Texts lines) {
  for (const std::string& expected : lines) {
    if (!failures_.empty()) co_return;
    std::optional<std::string> line = co_await next_client_line();
    while (line == "Flush" && expected != "Flush") line = co_await next_client_line();
    if (!line || !fits(*line, expected))
      fail(fmt::format("the upstream was to see {:?}, and saw {:?}", expected, line.value_or("the end")));
  }
}

Task<void> WireRun::upstream_sees_copy(std::string data) {
  std::string seen;
  while (seen.size() < data.size() && failures_.empty()) {
    const std::optional<std::string> line = co_await next_client_line();
    if (!line || !line->starts_with("CopyData "))
      co_return fail("the upstream was to see copy data, and saw " + line.value_or("the end"));
    seen += line->substr(9);
  }
  if (seen != data) fail("the upstream saw other copy data");
}

Task<void> WireRun::client_hears(Texts lines) {
  for (const std::string& expected : lines) {
    if (!failures_.empty()) co_return;
    const std::optional<std::string> line = co_await next_server_line();
    if (!line || !fits(*line, expected))
      fail(fmt::format("the client was to hear {:?}, and heard {:?}", expected, line.value_or("the end")));
  }
}

Task<void> WireRun::upstream_answers_often(Bytes unit, std::size_t times) {
  Bytes chunk;
  for (; times > 0 && failures_.empty(); --times) {
    chunk.insert(chunk.end(), unit.begin(), unit.end());
    if (chunk.size() < limits::read_chunk_bytes && times > 1) continue;
    co_await write(*sides_->upstream->stream, std::move(chunk));
    chunk.clear();
  }
}

Task<void> WireRun::client_hears_often(Bytes unit, std::size_t times) {
  auto& client = *sides_->client;
  for (std::size_t left = unit.size() * times, at = 0; left > 0 && failures_.empty();) {
    const ByteView here = ByteView(client.buffer).subspan(client.at);
    const std::size_t size = std::min({left, here.size(), unit.size() - at});
    if (!std::equal(here.begin(), here.begin() + std::ptrdiff_t(size), unit.begin() + std::ptrdiff_t(at)))
      fail("the client heard other bytes");
    at = (at + size) % unit.size();
    left -= size;
    client.at += size;
    if (left == 0 || size > 0) continue;
    client.buffer.clear();
    client.at = 0;
    const Result<Done> more = co_await client.fill();
    if (!more.ok()) fail("the client was to hear more bytes");
  }
}

Task<void> WireRun::relay_often(Bytes unit, std::size_t times) {
  sides_->tasks.start(upstream_answers_often(unit, times));
  co_await client_hears_often(std::move(unit), times);
}

Task<void> WireRun::client_hears_end() {
  if (!failures_.empty()) co_return;
  const std::optional<std::string> line = co_await next_server_line();
  if (line) fail(fmt::format("the client was to hear the end, and heard {:?}", *line));
  client_leaves();
  ended_by_script_ = true;
}

Task<void> WireRun::client_cancels() {
  const auto fds = connected_pair();
  const std::unique_ptr<net::Stream> mine = stream_of(sides_->loop, fds[0], Blame::upstream);
  const std::unique_ptr<Conversation> other = sides_->protocol->converse(stream_of(sides_->loop, fds[1], Blame::client));
  Bytes ask;
  const ByteView key = sides_->client_key;
  postgres::write_cancel_request(ask, kUpstreamProcess, key.subspan(4));
  co_await write(*mine, std::move(ask));
  const auto hello = co_await other->greet();
  if (!hello.ok() || *hello) fail("a cancel request began a session");
  co_await other->close();
}

Task<void> WireRun::wait_for(net::Event& event, const std::function<bool()>& ready, std::string what) {
  while (!ready() && failures_.empty()) {
    const net::Wake wake = co_await event.wait(patience);
    if (wake == net::Wake::timed_out) fail("waited in vain for " + what);
  }
}

Task<void> WireRun::upstream_sees_cancel() {
  const std::function<bool()> came = [this] { return sides_->cancels > 0; };
  co_await wait_for(sides_->news, came, "a cancel request upstream");
  if (sides_->cancels > 0) --sides_->cancels;
}

Task<void> WireRun::hold_is_there() {
  const std::function<bool()> held = [this] { return holding_ || driver_ended_; };
  co_await wait_for(sides_->news, held, "a hold");
  if (!holding_) fail("the session ended instead of holding the request");
}

void WireRun::people_say(Ruling::What what) {
  people_said_ = what;
  sides_->people.set();
}

Task<void> WireRun::outcome_is(std::string line) {
  const std::function<bool()> came = [this] { return outcomes_.size() > outcomes_seen_ || driver_ended_; };
  co_await wait_for(sides_->news, came, "an outcome");
  if (!failures_.empty()) co_return;
  if (outcomes_.size() <= outcomes_seen_) co_return fail(fmt::format("no outcome came where {:?} was due", line));
  if (outcomes_[outcomes_seen_++] != line) fail(fmt::format("the outcome was to be {:?}, and was {:?}", line, outcomes_.back()));
}

void WireRun::client_leaves() {
  client_gone_ = true;
  sides_->client->stream->close();
}
void WireRun::upstream_leaves() {
  upstream_gone_ = true;
  if (sides_->upstream) sides_->upstream->stream->close();
}
void WireRun::terminate(const Denial& denial) { sides_->conversation->terminate(denial); }

// ---- the end

// Whoever is still there behaves: the client says goodbye, the upstream leaves when told to. What either was told beyond the
// script is a failure, if the script was played to its end.
Task<void> WireRun::end_both() {
  const bool nobody_left = !client_gone_ && !upstream_gone_ && !ended_by_script_;
  if (!client_gone_) {
    const Bytes goodbye = testing::terminate();
    (void)co_await sides_->client->stream->write_all(goodbye, patience);
  }
  if (sides_->upstream && !upstream_gone_) co_await swallow_rest_of_upstream();
  while (!client_gone_) {
    const std::optional<std::string> line = co_await next_server_line();
    if (!line) break;
    if (nobody_left && nothing_left_) fail(fmt::format("the client heard more than the script says: {:?}", *line));
    if (line->starts_with("broken")) break;
  }
  const std::function<bool()> ended = [this] { return driver_ended_; };
  while (!driver_ended_) {
    const net::Wake wake = co_await sides_->news.wait(patience);
    if (wake == net::Wake::timed_out && !driver_ended_) {
      failures_.insert(failures_.begin(), "the session hangs");
      sides_->client->stream->close();
      if (sides_->upstream) sides_->upstream->stream->close();
      NG_CHECK(false);  // its coroutines cannot be taken down
    }
  }
}

Task<void> WireRun::swallow_rest_of_upstream() {
  const bool all_told = !client_gone_ && !ended_by_script_;
  // Without its client the gateway may be waiting for an answer that the script does not give: this upstream gives up then.
  if (client_gone_) sides_->upstream->quiet_max = std::chrono::seconds(3);
  for (;;) {
    const std::optional<std::string> line = co_await next_client_line();
    if (!line) break;
    if (line == "Terminate" || line->starts_with("broken")) break;
    if (all_told && nothing_left_ && *line != "Flush")
      fail(fmt::format("the upstream saw more than the script says: {:?}", *line));
  }
  sides_->upstream->stream->close();
}

}  // namespace narrowgate::testing
