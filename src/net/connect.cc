#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "net/address.h"
#include "net/socket.h"

namespace narrowgate::net {
namespace {

using Addresses = std::vector<SystemAddress>;

Duration left(MonoTime until) {
  if (until == MonoTime::max()) return Duration::max();
  return std::max<Duration>(until - std::chrono::steady_clock::now(), Duration::zero());
}

Error no_answer(const Address& to, std::string_view reason, Code code) {
  return {code, Blame::upstream, fmt::format("{}: {}; check that it is up and reachable from here", to.to_string(), reason)};
}

// An answer on its way from the resolver's thread. The asker holds it; a resolver that comes too late finds nobody.
struct Question {
  Event answered;
  std::optional<Result<Addresses>> answer;
  explicit Question(Loop& loop) : answered(loop) {}
};

Task<Result<Addresses>> resolve(Loop& loop, Pool& resolver, Address to, MonoTime until) {
  if (is_ip_address(to.host)) co_return look_up(to, Lookup::connect);
  const auto question = std::make_shared<Question>(loop);
  resolver.start([to, reply = loop.impl().mailbox, weak = std::weak_ptr(question)] {
    const auto answer = std::make_shared<Result<Addresses>>(look_up(to, Lookup::connect));
    reply->post([weak, answer] {
      const auto asked = weak.lock();
      if (!asked) return;
      asked->answer = std::move(*answer);
      asked->answered.set();
    });
  });
  const Wake wake = co_await question->answered.wait(left(until));
  if (wake == Wake::timed_out) co_return no_answer(to, "its name was not found in time", Code::timed_out);
  co_return std::move(*question->answer);
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Task<Result<std::shared_ptr<Socket>>> try_one(Loop& loop, Address to, SystemAddress at, MonoTime until) {
  Descriptor fd(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd)
    co_return Error{Code::unavailable, Blame::gateway, fmt::format("no socket for {}: {}", to.to_string(), std::strerror(errno))};
  set_options(fd.get());
  const bool at_once = ::connect(fd.get(), at.get(), at.size) == 0;
  if (!at_once && errno != EINPROGRESS) co_return no_answer(to, std::strerror(errno), Code::unavailable);

  const auto socket = std::make_shared<Socket>(loop, std::move(fd), Blame::upstream);
  if (!socket->is_open()) co_return Error{Code::unavailable, Blame::gateway, "the event loop can watch no more sockets"};
  if (!at_once) {
    Socket::Wait ready(*socket, socket->writing, Ready::to_write, until);
    const Wake wake = co_await ready;
    if (wake == Wake::timed_out) co_return no_answer(to, "no answer in time", Code::timed_out);
    if (const int error = pending_error(socket->fd()); error != 0)
      co_return no_answer(to, std::strerror(error), Code::unavailable);
  }
  co_return socket;
}

// An address that never answers must not cost the others their chance.
MonoTime share(MonoTime until, std::size_t addresses_left) {
  if (until == MonoTime::max()) return until;
  return std::chrono::steady_clock::now() + left(until) / std::int64_t(addresses_left);
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> connect(Loop& loop, Pool& resolver, Address to, Duration at_most) {
  const MonoTime until = at_most == Duration::max() ? MonoTime::max() : deadline_after(at_most);
  NG_CO_TRY(const Addresses addresses, co_await resolve(loop, resolver, to, until));
  Error last = no_answer(to, "the name has no address", Code::not_found);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    auto tried = co_await try_one(loop, to, addresses[i], share(until, addresses.size() - i));
    if (tried.ok()) co_return make_stream(std::move(tried).take());
    last = std::move(tried).error();
  }
  co_return last;
}

}  // namespace narrowgate::net
