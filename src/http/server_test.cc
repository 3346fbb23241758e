#include "http/server.h"

#include <atomic>

#include "http/client.h"
#include "net/test_world.h"

namespace narrowgate::http {
namespace {

using namespace std::chrono_literals;

Task<Response> hello(const Call& call) { co_return text_response(200, "hello " + std::string(call.parameter("name"))); }
Task<Response> echo(const Call& call) { co_return text_response(200, call.request.body); }
Task<Response> who(const Call& call) {
  co_return text_response(200, call.tls ? call.tls->peer_subject.value_or("nobody") : "plain");
}
Task<Response> throws(const Call&) {
  throw std::runtime_error("a bug");
  co_return Response{};
}
Task<Response> redirect(const Call&) {
  Response response = text_response(302, "");
  response.headers.set("Location", "/elsewhere");
  co_return response;
}
Task<Response> slow(const Call& call) {
  co_await net::sleep_for(call.loop, 50ms);
  co_return text_response(200, "done");
}
Task<void> events(const Call&, Writer& writer) {
  Response head = event_stream_head();
  EXPECT_TRUE((co_await writer.begin(std::move(head))).ok());
  for (int i = 0; i < 3; ++i) {
    const std::string event = server_sent_event("tick", "one\ntwo", std::to_string(i));
    EXPECT_TRUE((co_await writer.write_chunk(event)).ok());
  }
  EXPECT_TRUE((co_await writer.finish()).ok());
}
Task<void> forgets_to_answer(const Call&, Writer&) { co_return; }
Task<void> breaks_off(const Call&, Writer& writer) {
  Response head = event_stream_head();
  head.body = "half";
  EXPECT_TRUE((co_await writer.begin(std::move(head))).ok());
}

Task<void> until_stopped(const Call& call, Writer& writer, std::atomic<bool>& begun) {
  Response head = event_stream_head();
  Result<Done> going = co_await writer.begin(std::move(head));
  begun = true;
  while (going.ok()) {
    co_await net::sleep_for(call.loop, 1ms);
    going = co_await writer.write_chunk(": \n\n");
  }
}

Task<void> trickle_stream(net::Loop& loop, net::Stream& stream, std::string& out) {
  std::array<Byte, 1024> buffer;
  EXPECT_TRUE((co_await stream.write_all(as_bytes("GET / HTTP/1.1\r\nX: "), 10s)).ok());
  for (;;) {
    const auto answer = co_await stream.read_some(buffer, 5ms);
    if (answer.ok()) out += as_text(ByteView(buffer).first(*answer));
    if (answer.ok() || answer.error().code == Code::closed) co_return;
    (void)co_await stream.write_all(as_bytes("x"), 10s);
    co_await net::sleep_for(loop, 0s);
  }
}

Task<void> trickle(net::Loop& loop, net::Pool& pool, net::Address to, std::string& out) {
  auto connected = co_await net::connect(loop, pool, to, 10s);
  EXPECT_TRUE(connected.ok());
  if (connected.ok()) co_await trickle_stream(loop, **connected, out);
}

// A server on a thread of its own.
class ServerTest : public testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.at = {"127.0.0.1", 0};
    Router router;
    router.on("GET", "/hello/{name}", hello);
    router.on("POST", "/echo", echo, {.body_bytes_max = 100'000});
    router.on("GET", "/who", who);
    router.on("GET", "/throws", throws);
    router.on("GET", "/redirect", redirect);
    router.on("GET", "/slow", slow);
    router.on_stream("GET", "/events", events);
    router.on_stream("GET", "/forgets", forgets_to_answer);
    router.on_stream("GET", "/breaks-off", breaks_off);
    router.on_stream("GET", "/endless",
                     [this](const Call& call, Writer& writer) { return until_stopped(call, writer, endless_begun_); });
    secure_ = options.tls != nullptr;
    server_ = Server::start(std::move(options), std::move(router), {&loop_}).take();
    thread_ = net::Thread::start("server", [this] { loop_.run(); });
  }
  ~ServerTest() override { stop(); }
  void stop() {
    if (server_) server_->stop();
    loop_.stop();
    thread_.join();
  }

  std::string url(const std::string& path) const {
    return (secure_ ? "https://" : "http://") + server_->local().to_string() + path;
  }
  Result<Response> fetch(const std::string& path, FetchOptions options = {}) const { return fetch_blocking(url(path), options); }

  // Says `bytes` (in pieces of `size`) and reads until the server closes.
  std::string talk(const std::string& bytes, std::size_t size = std::string::npos) {
    std::string out;
    net::Loop loop;
    net::Pool pool(1);
    net::test::run(loop, converse(loop, pool, server_->local(), bytes, std::min(size, bytes.size()), out));
    return out;
  }

  net::Loop loop_;
  net::Thread thread_;
  std::unique_ptr<Server> server_;
  std::atomic<bool> endless_begun_ = false;
  bool secure_ = false;

 private:
  static Task<void> converse(net::Loop& loop, net::Pool& pool, net::Address to, std::string bytes, std::size_t size,
                             std::string& out) {
    auto connected = co_await net::connect(loop, pool, to, 10s);
    EXPECT_TRUE(connected.ok());
    if (!connected.ok()) co_return;
    net::Stream& stream = **connected;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const auto written = co_await stream.write_all(as_bytes(std::string_view(bytes).substr(at, size)), 10s);
      if (!written.ok()) break;  // it may have heard enough
      if (size < bytes.size()) co_await net::sleep_for(loop, 0s);
    }
    std::array<Byte, 4096> buffer;
    for (;;) {
      const auto got = co_await stream.read_some(buffer, 10s);
      if (!got.ok()) {
        EXPECT_EQ(got.error().code, Code::closed) << got.error().detail;
        co_return;
      }
      out += as_text(ByteView(buffer).first(*got));
    }
  }
};

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST_F(ServerTest, AnswersWithSafeHeaders) {
  start();
  const auto response = fetch("/hello/ana");
  ASSERT_TRUE(response.ok()) << to_string(response.error());
  EXPECT_EQ(response->status, 200u);
  EXPECT_EQ(response->body, "hello ana");
  EXPECT_EQ(response->headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response->headers.get("Cache-Control"), "no-store");
  EXPECT_TRUE(response->headers.has("Date"));
  EXPECT_FALSE(response->headers.has("Strict-Transport-Security"));
}

TEST_F(ServerTest, HeadHasHeadersOnly) {
  start();
  FetchOptions options;
  options.method = "HEAD";
  const auto response = fetch("/hello/ana", options);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->headers.get("Content-Length"), "9");
  EXPECT_EQ(response->body, "");
}

TEST_F(ServerTest, WhatIsNotThereIsAProblemDocument) {
  start();
  const auto missing = fetch("/nothing");
  ASSERT_TRUE(missing.ok());
  EXPECT_EQ(missing->status, 404u);
  EXPECT_EQ(missing->headers.get("Content-Type"), "application/problem+json");
  FetchOptions post;
  post.method = "POST";
  const auto wrong = fetch("/who", post);
  ASSERT_TRUE(wrong.ok());
  EXPECT_EQ(wrong->status, 405u);
  EXPECT_EQ(wrong->headers.get("Allow"), "GET");
}

TEST_F(ServerTest, TheRoutesOwnBodyLimitHolds) {
  start();
  FetchOptions options;
  options.method = "POST";
  options.body = std::string(100'000, 'x');
  const auto fits = fetch("/echo", options);
  ASSERT_TRUE(fits.ok()) << to_string(fits.error());
  EXPECT_EQ(fits->body, options.body);
  EXPECT_TRUE(talk("POST /echo HTTP/1.1\r\nHost: g\r\nContent-Length: 100001\r\n\r\n").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(talk("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: g\r\n\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrderOnOneConnection) {
  start();
  const std::string bytes =
      "GET /hello/a HTTP/1.1\r\nHost: g\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: g\r\nContent-Length: 3\r\n\r\nabc"
      "GET /nothing HTTP/1.1\r\nHost: g\r\n\r\n"
      "GET /events HTTP/1.1\r\nHost: g\r\n\r\n"
      "GET /hello/z HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n"
      "GET /never HTTP/1.1\r\nHost: g\r\n\r\n";
  for (const std::size_t size : {bytes.size(), std::size_t(1)}) {
    const std::string answers = talk(bytes, size);
    EXPECT_EQ(count(answers, "HTTP/1.1 200 OK"), 4u) << answers;
    EXPECT_EQ(count(answers, "HTTP/1.1 404 "), 1u);
    EXPECT_LT(answers.find("hello a"), answers.find("abc"));
    EXPECT_LT(answers.find("abc"), answers.find("404"));
    EXPECT_LT(answers.find("event: tick"), answers.find("hello z"));
    EXPECT_TRUE(answers.ends_with("hello z"));
  }
}

TEST_F(ServerTest, ASmuggledRequestIsNeverAnswered) {
  start();
  const std::string hidden = "GET /hello/smuggled HTTP/1.1\r\nHost: g\r\n\r\n";
  for (const std::string& head : {
           "POST /echo HTTP/1.1\r\nHost: g\r\nContent-Length: " + std::to_string(5 + hidden.size()) +
               "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           std::string("POST /echo HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: xchunked\r\n\r\n"),
           std::string("POST /echo HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n"),
           std::string("GET /hello/a HTTP/1.1\r\nHost: g\r\n X: y\r\n\r\n"),
           std::string("GET /hello/a HTTP/1.1\nHost: g\n\n"),
           std::string("POST /nothing HTTP/1.1\r\nHost: g\r\nContent-Length: 44\r\n\r\n"),
       }) {
    const std::string answers = talk(head + hidden);
    EXPECT_EQ(answers.find("hello smuggled"), std::string::npos) << head;
    EXPECT_EQ(count(answers, "HTTP/1.1 "), 1u) << answers;
    EXPECT_NE(answers.find("Connection: close"), std::string::npos);
  }
}

TEST_F(ServerTest, TricklingBytesDoesNotMoveTheDeadline) {
  start({.head_deadline = 50ms, .body_deadline = 50ms});
  const std::string slowly = "GET /hello/ana HTTP/1.1\r\nHost: g\r\nX: ";
  EXPECT_TRUE(talk(slowly).starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(talk("POST /echo HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\nabc").starts_with("HTTP/1.1 408 "));
  std::string trickled;
  net::Loop loop;
  net::Pool pool(1);
  net::test::run(loop, trickle(loop, pool, server_->local(), trickled));
  EXPECT_TRUE(trickled.starts_with("HTTP/1.1 408 ")) << trickled;
}

TEST_F(ServerTest, IdleConnectionsAreClosedWithoutAWord) {
  start({.idle_deadline = 10ms});
  EXPECT_EQ(talk(""), "");
  const std::string answers = talk("GET /hello/ana HTTP/1.1\r\nHost: g\r\n\r\n");
  EXPECT_TRUE(answers.ends_with("hello ana"));
}

TEST_F(ServerTest, ABugInAHandlerEndsThatConnectionOnly) {
  start();
  for (const char* path : {"/throws", "/forgets"}) {
    const auto response = fetch(path);
    ASSERT_TRUE(response.ok()) << path;
    EXPECT_EQ(response->status, 500u);
    EXPECT_EQ(response->body.find("a bug"), std::string::npos);
  }
  EXPECT_EQ(fetch("/hello/ana")->status, 200u);
}

TEST_F(ServerTest, EventsArriveAsAStreamThatEnds) {
  start();
  const auto response = fetch("/events");
  ASSERT_TRUE(response.ok()) << to_string(response.error());
  EXPECT_EQ(response->headers.get("Content-Type"), "text/event-stream");
  EXPECT_EQ(response->body,
            "id: 0\nevent: tick\ndata: one\ndata: two\n\n"
            "id: 1\nevent: tick\ndata: one\ndata: two\n\n"
            "id: 2\nevent: tick\ndata: one\ndata: two\n\n");
}

TEST_F(ServerTest, AStreamBrokenOffIsSeenAsBroken) {
  start();
  const auto response = fetch("/breaks-off");
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::truncated);
}

TEST_F(ServerTest, AClientThatAsksFirstIsToldToContinue) {
  start({.body_deadline = 50ms});
  const std::string ask = "POST /echo HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\n";
  EXPECT_TRUE(talk(ask + "Content-Length: 3\r\n\r\n").starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 "));
  EXPECT_TRUE(talk(ask + "Content-Length: 100001\r\n\r\n").starts_with("HTTP/1.1 413 "))
      << "not asked for, since it would be refused";
}

TEST_F(ServerTest, RefusesMoreConnectionsThanItsLimit) {
  start({.connections_max = 0});
  EXPECT_FALSE(fetch("/hello/ana").ok());
}

Result<Response> stop_while(Server& server, const std::string& url, const std::function<void()>& when) {
  net::Thread stopper = net::Thread::start("stopper", [&] {
    when();
    server.stop();
  });
  return fetch_blocking(url, {});
}

TEST_F(ServerTest, StopLetsTheRequestInHandFinish) {
  start();
  const auto response = stop_while(*server_, url("/slow"), [] { std::this_thread::sleep_for(10ms); });
  ASSERT_TRUE(response.ok()) << to_string(response.error());
  EXPECT_EQ(response->body, "done");
  stop();
  EXPECT_EQ(loop_.spawned(), 0u);
}

TEST_F(ServerTest, StopEndsStreamsAndIdleConnections) {
  start();
  const auto response = stop_while(*server_, url("/endless"), [this] {
    while (!endless_begun_) std::this_thread::sleep_for(1ms);
  });
  EXPECT_FALSE(response.ok()) << "it was cut short";
  stop();
  EXPECT_EQ(loop_.spawned(), 0u);
}

// ---- under TLS

TEST_F(ServerTest, TlsIsVerifiedAndKnowsItsClient) {
  const net::test::Authority authority;
  start({.tls = net::test::server_tls(authority.server({"127.0.0.1"}), {"http/1.1"}, authority.pem())});
  FetchOptions options;
  options.tls = net::test::client_tls(authority.pem(), {"http/1.1"}, authority.client("refund-bot", {}));
  const auto response = fetch("/who", options);
  ASSERT_TRUE(response.ok()) << to_string(response.error());
  EXPECT_EQ(response->body, "CN=refund-bot");
  EXPECT_TRUE(response->headers.has("Strict-Transport-Security"));
  EXPECT_EQ(fetch("/who").error().code, Code::refused) << "the system does not trust this authority";
  EXPECT_FALSE(talk("GET /who HTTP/1.1\r\nHost: g\r\n\r\n").starts_with("HTTP")) << "plain text is not answered";
}

TEST_F(ServerTest, TheCertificateMustBeForTheUrlsHost) {
  const net::test::Authority authority;
  start({.tls = net::test::server_tls(authority.server({"gateway.example"}))});
  FetchOptions options;
  options.tls = net::test::client_tls(authority.pem());
  EXPECT_EQ(fetch("/who", options).error().code, Code::refused);
  options.connect_to = server_->local();
  const auto named = fetch_blocking("https://gateway.example/who", options);
  EXPECT_TRUE(named.ok()) << to_string(named.error());
}

// ---- the client

TEST_F(ServerTest, TheClientFollowsNoRedirect) {
  start();
  const auto response = fetch("/redirect");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 302u);
  EXPECT_EQ(get_blocking(url("/redirect")).error().code, Code::refused);
  EXPECT_EQ(get_blocking(url("/hello/ana")).value(), "hello ana");
}

TEST_F(ServerTest, TheClientLimitsTheAnswerAndTheTime) {
  start();
  FetchOptions options;
  options.body_bytes_max = 8;
  EXPECT_EQ(fetch("/hello/ana", options).error().code, Code::too_large);
  EXPECT_EQ(fetch("/hello/ana", options).error().blame, Blame::upstream);
  options.at_most = 5ms;
  EXPECT_EQ(fetch("/slow", options).error().code, Code::timed_out);
}

}  // namespace
}  // namespace narrowgate::http
