#include "protocol/postgres/upstream.h"

#include "base/limits.h"

namespace narrowgate::postgres {
namespace {

Task<Result<std::unique_ptr<net::Stream>>> connect(net::Loop& loop, net::Pool& pool, const Upstream& upstream, Duration at_most) {
  auto connected = co_await net::connect(loop, pool, upstream.address, at_most);
  if (!connected.ok()) co_return std::move(connected).error();
  std::unique_ptr<net::Stream> stream = std::move(connected).take();
  if (!upstream.tls) co_return stream;

  Bytes ask;
  write_ssl_request(ask);
  NG_CO_TRY_VOID(co_await stream->write_all(ask, at_most));
  std::array<Byte, 16> answer{};
  NG_CO_TRY(const std::size_t size, co_await stream->read_some(answer, at_most));
  NG_CO_TRY_VOID(check_tls_answer(ByteView(answer).first(size)));
  NG_CO_TRY_VOID(co_await stream->start_tls_client(*upstream.tls, upstream.tls_name, at_most));
  co_return stream;
}

UpstreamLoginOptions login_options(const net::Stream& stream, const Upstream& upstream, std::vector<Setting> settings) {
  UpstreamLoginOptions options;
  const Lease& as = upstream.account ? *upstream.account : upstream.lease;
  options.user = as.user;
  options.password = as.password;
  options.database = upstream.database;
  options.settings = std::move(settings);
  if (const auto tls = stream.tls()) {
    options.encrypted = true;
    options.end_point = tls->server_end_point;
  }
  return options;
}

}  // namespace

Task<Result<OpenedUpstream>> open_upstream(net::Loop& loop, net::Pool& pool, const Upstream& upstream,
                                           std::vector<Setting> settings, Duration at_most, ScramMemory* memory) {
  NG_CO_TRY(auto stream, co_await connect(loop, pool, upstream, at_most));
  UpstreamLoginOptions options = login_options(*stream, upstream, std::move(settings));
  options.memory = memory;
  NG_CO_TRY(auto login, UpstreamLogin::create(std::move(options)));
  const Bytes begin = login.begin();
  NG_CO_TRY_VOID(co_await stream->write_all(begin, at_most));

  Bytes buffer(4096);
  std::size_t have = 0;
  for (;;) {
    Result<LoginStep> step = login.next(ByteView(buffer).first(have));
    if (!step.ok() && login.refusal()) co_return OpenedUpstream{nullptr, {}, login.refusal()};
    if (!step.ok()) co_return std::move(step).error();
    buffer.erase(buffer.begin(), buffer.begin() + std::ptrdiff_t(step->used));
    have -= step->used;
    if (!step->send.empty()) NG_CO_TRY_VOID(co_await stream->write_all(step->send, at_most));
    if (step->finished) break;
    if (step->used > 0) continue;
    if (buffer.size() < have + 4096) buffer.resize(have + 4096);
    NG_CO_TRY(const std::size_t read, co_await stream->read_some(std::span(buffer).subspan(have), at_most));
    have += read;
  }
  if (have > 0) co_return Error{Code::malformed, Blame::upstream, "the upstream sent more than its login"};
  co_return OpenedUpstream{std::move(stream), login.take_session(), std::nullopt};
}

Task<Result<Done>> cancel_upstream(net::Loop& loop, net::Pool& pool, const Upstream& upstream, std::int32_t process, Bytes key,
                                   Duration at_most) {
  NG_CO_TRY(auto stream, co_await connect(loop, pool, upstream, at_most));
  Bytes ask;
  write_cancel_request(ask, process, key);
  NG_CO_TRY_VOID(co_await stream->write_all(ask, at_most));
  // The server closes the connection once it has sent the signal.
  std::array<Byte, 16> nothing{};
  const auto ended = co_await stream->read_some(nothing, at_most);
  if (!ended.ok() && ended.error().code != Code::closed) co_return ended.error();
  co_return Done{};
}

}  // namespace narrowgate::postgres
