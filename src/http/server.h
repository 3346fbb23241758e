// An HTTP/1.1 server: routes, keep-alive, pipelining, streamed responses.
//
//   http::Router router;
//   router.on("GET", "/api/v1/sessions/{id}", [&](const http::Call& call) { return show(store, call); });
//   NG_TRY(auto server, http::Server::start({.at = at, .tls = tls}, std::move(router), loops));
//
// Promises:
//  - Every wait has a deadline, every length a limit (limits.h, per route where it may differ).
//  - What could be read in two ways is refused with 400 and the connection closed: both lengths, two lengths, folded headers,
//    bare line feeds, chunk extensions, "..", odd percent-encoding.
//  - A request whose route does not exist, or does not take its method, is answered before its body is read.
//  - An exception from a handler is a bug of ours: 500, logged, connection closed.
//  - Over TLS every response carries Strict-Transport-Security; all carry X-Content-Type-Options: nosniff.
// Not here: HTTP/2 (ALPN offers http/1.1 only), upgrades, compression, redirects to https.
#pragma once

#include <functional>
#include <memory>

#include "http/limits.h"
#include "http/message.h"
#include "net/stream.h"

namespace narrowgate::http {

// A response that is sent as it is made. Exactly one begin(), then chunks, then finish().
class Writer {
 public:
  virtual ~Writer() = default;
  virtual Task<Result<Done>> begin(Response head) = 0;                 // its body goes out as the first chunk
  virtual Task<Result<Done>> write_chunk(std::string_view bytes) = 0;  // fails once the client is gone or the server stops
  virtual Task<Result<Done>> finish() = 0;
  virtual bool begun() const = 0;
};

// text/event-stream, one event. Data may have many lines.
std::string server_sent_event(std::string_view event, std::string_view data, std::string_view id = {});
Response event_stream_head();

// One request, for its handler; lives until the handler ends.
struct Call {
  Request request;
  Fields parameters;  // {id} in the route's pattern → what stood there
  net::Address peer;
  std::optional<net::TlsInfo> tls;
  net::Loop& loop;

  std::string_view parameter(std::string_view name) const;  // NG_CHECKs that the pattern has it; borrows
};

using Handler = std::function<Task<Response>(const Call&)>;
// For responses of unknown length. One that returns without begin() is answered with 500. It must come back within seconds of a
// failed write_chunk, so one that waits for events should send a comment (": \n\n") every so often.
using StreamHandler = std::function<Task<void>(const Call&, Writer&)>;

struct RouteOptions {
  std::size_t body_bytes_max = limits::body_bytes_max;
};

class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  // Patterns: "/a/{name}/b" takes one segment, a last "{name...}" all the rest (joined by slashes; also none). The pattern with
  // the longer literal beginning wins. Two routes that take the same requests are a bug. GET answers HEAD too.
  void on(std::string method, std::string pattern, Handler handler, RouteOptions options = {});
  void on_stream(std::string method, std::string pattern, StreamHandler handler, RouteOptions options = {});

  struct Route;
  struct Found {
    const Route* route = nullptr;  // null: no such path, or none for this method
    Fields parameters;
    std::vector<std::string> allowed;  // methods this path takes, if not this one
  };
  Found find(const Request& request) const;

 private:
  void add(Route route);
  std::vector<Route> routes_;
};

struct ServerOptions {
  net::Address at = {};
  std::shared_ptr<const net::TlsServer> tls = {};  // null: plain HTTP
  std::chrono::nanoseconds head_deadline = limits::head_deadline;
  std::chrono::nanoseconds body_deadline = limits::body_deadline;
  std::chrono::nanoseconds idle_deadline = limits::idle_deadline;
  std::size_t connections_max = limits::connections_max;
};

class Server {
 public:
  // `loops` outlive it and have run until nothing spawned is left when it is destroyed.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Router router, std::vector<net::Loop*> loops);
  virtual ~Server() = default;
  virtual net::Address local() const = 0;
  // From any thread: no new connections, idle ones close, busy ones answer what they are at and close. The loops' run() returns
  // once that is done.
  virtual void stop() = 0;
};

}  // namespace narrowgate::http
