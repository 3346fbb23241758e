#include "http/connection.h"

#include <fmt/format.h>

#include <ctime>

#include "base/log.h"
#include "http/writer.h"

namespace narrowgate::http {
namespace {

constexpr std::size_t read_bytes = 16 * 1024;

Duration left(MonoTime until) { return std::max<Duration>(until - std::chrono::steady_clock::now(), Duration::zero()); }

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm broken{};
  gmtime_r(&now, &broken);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &broken)};
}

unsigned status_for(const Error& error, Stage stage) {
  switch (error.code) {
    case Code::timed_out: return 408;
    case Code::too_large: return stage == Stage::head ? 431 : 413;
    case Code::unsupported: return 501;
    default: return 400;
  }
}

void set_unless_there(Headers& headers, const char* name, std::string value) {
  if (!headers.has(name)) headers.set(name, std::move(value));
}

bool has_no_body(unsigned status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

std::string_view Call::parameter(std::string_view name) const {
  for (const auto& [each, value] : parameters) {
    if (each == name) return value;
  }
  NG_CHECK(!"the route's pattern has this parameter");
  return {};
}

Connection::Connection(Service& service, Room& room, std::unique_ptr<net::Stream> stream)
    : service_(service), room_(room), stream_(std::move(stream)) {
  room_.connections.insert(this);
  ++service_.connections;
}

Connection::~Connection() {
  --service_.connections;
  room_.connections.erase(this);
}

Task<void> Connection::serve(std::shared_ptr<Service> service, std::shared_ptr<Room> room, std::unique_ptr<net::Stream> stream) {
  Connection connection(*service, *room, std::move(stream));
  co_await connection.run();
}

void Connection::stop() {
  if (between_requests_) stream_->close();
}

Task<void> Connection::run() {
  const Result<Done> greeted = co_await greet();
  if (!greeted.ok())
    log_debug("http connection refused", {{"peer", stream_->peer().to_string()}, {"reason", greeted.error().detail}});
  Next next = greeted.ok() ? Next::request : Next::end;
  while (next == Next::request) next = co_await one_request();
  stream_->close();
}

Task<Result<Done>> Connection::greet() {
  if (!service_.options.tls) co_return Done{};
  co_return co_await stream_->start_tls_server(*service_.options.tls, service_.options.head_deadline);
}

Task<Connection::Next> Connection::one_request() {
  Result<Done> head = co_await read_head();
  if (!head.ok()) co_return co_await answer_error(std::move(head).error());
  const Request& request = reader_.request();
  head_only_ = request.method == "HEAD";
  minor_version_ = request.minor_version;
  keep_ = reader_.keep_alive();

  const Router::Found found = service_.router.find(request);
  if (!found.route) co_return co_await answer_unrouted(found);
  Result<Done> body = co_await read_body(found.route->options);
  if (!body.ok()) co_return co_await answer_error(std::move(body).error());
  co_return co_await handle(found);
}

Task<Result<Done>> Connection::read_more(Duration at_most) {
  std::array<Byte, read_bytes> buffer;
  NG_CO_TRY(const std::size_t size, co_await stream_->read_some(buffer, at_most));
  reader_.append(ByteView(buffer).first(size));
  co_return Done{};
}

// At least to `stage`; the deadline is for all of it, so trickling bytes does not help.
Task<Result<Stage>> Connection::read_until(Stage stage, MonoTime deadline) {
  for (;;) {
    NG_CO_TRY(stage_, reader_.advance());
    if (stage_ >= stage) co_return stage_;
    NG_CO_TRY_VOID(co_await read_more(left(deadline)));
  }
}

Task<Result<Done>> Connection::read_head() {
  stage_ = Stage::head;
  head_only_ = false;
  if (reader_.idle()) {
    if (stopping()) co_return Error{Code::closed, Blame::gateway, "the server is stopping"};
    between_requests_ = true;
    NG_CO_TRY_VOID(co_await read_more(service_.options.idle_deadline));
  }
  between_requests_ = false;
  NG_CO_TRY_VOID(co_await read_until(Stage::body, std::chrono::steady_clock::now() + service_.options.head_deadline));
  co_return Done{};
}

Task<Result<Done>> Connection::read_body(const RouteOptions& options) {
  reader_.limit_body(options.body_bytes_max);
  if (stage_ == Stage::complete) co_return Done{};
  NG_CO_TRY(stage_, reader_.advance());  // refuses what is too large before asking for it
  if (stage_ == Stage::complete) co_return Done{};
  if (reader_.wants_continue()) NG_CO_TRY_VOID(co_await send("HTTP/1.1 100 Continue\r\n\r\n"));
  NG_CO_TRY_VOID(co_await read_until(Stage::complete, std::chrono::steady_clock::now() + service_.options.body_deadline));
  co_return Done{};
}

Task<Connection::Next> Connection::answer_error(Error error) {
  // Nobody there to answer, or nothing begun.
  if (error.code == Code::closed || between_requests_) co_return Next::end;
  log_debug("http request refused", {{"peer", stream_->peer().to_string()}, {"reason", error.detail}});
  keep_ = false;  // where the next request would begin is not known
  const std::string_view detail = error.blame == Blame::client ? std::string_view(error.detail) : std::string_view();
  Response response = problem(status_for(error, stage_), detail);
  co_return co_await answer(std::move(response));
}

Task<Connection::Next> Connection::answer_unrouted(const Router::Found& found) {
  if (stage_ == Stage::complete) (void)reader_.take();
  else keep_ = false;  // its body is still to come, and nobody wants it
  Response response =
      found.allowed.empty() ? problem(404, "nothing is here") : problem(405, "this path does not take this method");
  if (!found.allowed.empty()) response.headers.set("Allow", fmt::format("{}", fmt::join(found.allowed, ", ")));
  co_return co_await answer(std::move(response));
}

Task<Connection::Next> Connection::handle(const Router::Found& found) {
  const Call call{reader_.take(), found.parameters, stream_->peer(), stream_->tls(), stream_->loop()};
  const bool answered = co_await call_handler(*found.route, call);
  co_return answered&& keep_ && !stopping() ? Next::request : Next::end;
}

// True if the client has a whole answer. Beside session/run.cc and main.cc the one place that catches: a bug in one handler ends
// one connection.
Task<bool> Connection::call_handler(const Router::Route& route, const Call& call) {
  std::string thrown;
  ChunkWriter writer(*this);
  try {
    if (route.handler) {
      Response response = co_await route.handler(call);
      const Next next = co_await answer(std::move(response));
      co_return next == Next::request;
    }
    co_await route.stream_handler(call, writer);
  } catch (const std::exception& exception) {
    thrown = exception.what();
  }
  if (writer.whole() && chunks()) co_return true;
  if (writer.begun()) co_return false;  // cut short, and chunked coding lets the client see that
  log_error("http handler failed", {{"target", call.request.target}, {"what", thrown.empty() ? "it never answered" : thrown}});
  keep_ = false;
  Response failed = problem(500, "");
  const Next next = co_await answer(std::move(failed));
  co_return next == Next::request;
}

Task<Connection::Next> Connection::answer(Response response) {
  const bool bare = has_no_body(response.status);
  if (!bare) response.headers.set("Content-Length", std::to_string(response.body.size()));
  const std::string body = bare || head_only_ ? std::string() : std::move(response.body);
  response.body = body;
  const Result<Done> sent = co_await send_head(response);
  co_return sent.ok() && keep_ && !stopping() ? Next::request : Next::end;
}

// The head and, in the same system call, response.body as it is.
Task<Result<Done>> Connection::send_head(Response& response) {
  if (stopping() || !chunks()) keep_ = false;
  Headers& headers = response.headers;
  headers.set("Date", http_date());
  headers.set("X-Content-Type-Options", "nosniff");
  set_unless_there(headers, "Cache-Control", "no-store");
  if (stream_->tls()) headers.set("Strict-Transport-Security", "max-age=31536000");
  if (!keep_) headers.set("Connection", "close");
  std::string bytes = write_head(response);
  bytes += response.body;
  co_return co_await send(bytes);
}

Task<Result<Done>> Connection::send(std::string_view bytes) {
  const ByteView view = as_bytes(bytes);
  co_return co_await stream_->write_all(view, limits::slow_reader_deadline);
}

}  // namespace narrowgate::http
