#include "http/client.h"

#include <fmt/format.h>

#include "http/reader.h"

namespace narrowgate::http {
namespace {

constexpr std::size_t read_bytes = 16 * 1024;

class Deadline {
 public:
  explicit Deadline(Duration at_most)
      : until_(at_most == Duration::max() ? MonoTime::max() : std::chrono::steady_clock::now() + at_most) {}
  Duration left() const {
    if (until_ == MonoTime::max()) return Duration::max();
    return std::max<Duration>(until_ - std::chrono::steady_clock::now(), Duration::zero());
  }

 private:
  MonoTime until_;
};

std::string written(const Url& url, const FetchOptions& options) {
  Request request;
  request.method = options.method;
  request.target = url.target;
  request.headers = options.headers;
  request.headers.set("Host", url.authority());
  request.headers.set("Connection", "close");
  if (!options.body.empty() || options.method == "POST" || options.method == "PUT" || options.method == "PATCH") {
    request.headers.set("Content-Length", std::to_string(options.body.size()));
  }
  return write_head(request) + options.body;
}

// The reader blames the client, which on this side is ourselves.
Error blame_upstream(Error error) {
  if (error.blame == Blame::client) error.blame = Blame::upstream;
  return error;
}

Task<Result<Done>> start_tls(net::Stream& stream, const Url& url, const FetchOptions& options, Duration at_most) {
  std::shared_ptr<const net::TlsClient> tls = options.tls;
  if (!tls) {
    net::TlsClientOptions system;
    system.alpn = {"http/1.1"};
    NG_CO_TRY(tls, net::TlsClient::create(system));
  }
  co_return co_await stream.start_tls_client(*tls, url.host, at_most);
}

Task<Result<Response>> receive(net::Stream& stream, const FetchOptions& options, Deadline deadline) {
  ResponseReader reader(options.method, options.body_bytes_max);
  std::vector<Byte> buffer(read_bytes);
  for (;;) {
    auto stage = reader.advance();
    if (!stage.ok()) co_return blame_upstream(std::move(stage).error());
    if (*stage == Stage::complete) co_return reader.take();
    auto size = co_await stream.read_some(buffer, deadline.left());
    if (!size.ok() && size.error().code == Code::closed) {
      co_return Error{Code::truncated, Blame::upstream, "the server closed the connection in the middle of its answer"};
    }
    if (!size.ok()) co_return std::move(size).error();
    reader.append(ByteView(buffer).first(*size));
  }
}

Task<Result<Response>> exchange(net::Loop& loop, net::Pool& resolver, Url url, FetchOptions options) {
  const Deadline deadline(options.at_most);
  const net::Address to = options.connect_to.value_or(net::Address{url.host, url.port});
  NG_CO_TRY(auto stream, co_await net::connect(loop, resolver, to, deadline.left()));
  if (url.scheme == "https") NG_CO_TRY_VOID(co_await start_tls(*stream, url, options, deadline.left()));
  const std::string bytes = written(url, options);
  NG_CO_TRY_VOID(co_await stream->write_all(as_bytes(bytes), deadline.left()));
  co_return co_await receive(*stream, options, deadline);
}

Task<void> fetch_into(net::Loop& loop, net::Pool& resolver, std::string url, FetchOptions options,
                      std::optional<Result<Response>>& out) {
  out = co_await fetch(loop, resolver, std::move(url), std::move(options));
  loop.stop();
}

}  // namespace

Task<Result<Response>> fetch(net::Loop& loop, net::Pool& resolver, std::string url, FetchOptions options) {
  NG_CO_TRY(Url parsed, parse_url(url));
  auto response = co_await exchange(loop, resolver, std::move(parsed), std::move(options));
  if (response.ok()) co_return response;
  Error error = std::move(response).error();
  error.detail = fmt::format("{}: {}", url.substr(0, url.find('?')), error.detail);
  co_return error;
}

Result<Response> fetch_blocking(const std::string& url, const FetchOptions& options) {
  net::Loop loop;
  net::Pool resolver(1);
  std::optional<Result<Response>> out;
  loop.spawn(fetch_into(loop, resolver, url, options, out));
  loop.run();
  return std::move(*out);
}

Result<std::string> get_blocking(const std::string& url, std::shared_ptr<const net::TlsClient> tls, std::size_t body_bytes_max) {
  FetchOptions options;
  options.tls = std::move(tls);
  options.body_bytes_max = body_bytes_max;
  NG_TRY(Response response, fetch_blocking(url, options));
  if (response.status == 200) return std::move(response.body);
  return Error{Code::refused, Blame::upstream,
               fmt::format("{}: answered {} {}", url, response.status, reason_phrase(response.status))};
}

}  // namespace narrowgate::http
