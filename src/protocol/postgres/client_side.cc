#include "protocol/postgres/client_side.h"

#include "base/limits.h"

namespace narrowgate::postgres {
namespace {
constexpr std::size_t kWaitingMax = 256 * 1024;  // said and not written; more than any honest client lets pile up
}

// Writes `bytes` and then whatever was said meanwhile. The caller has set writing_.
Task<Result<Done>> ClientSide::write(ByteView bytes) {
  Task<Result<Done>> written = stream_->write_all(bytes, limits::slow_client_deadline);
  if (!written.is_known() || !written.known().ok() || more_to_say()) return write_on(std::move(written));
  writing_ = false;
  free_.set();
  return Done{};
}

Task<Result<Done>> ClientSide::write_on(Task<Result<Done>> first) {
  Result<Done> written = co_await first;
  while (written.ok() && more_to_say()) {
    const std::string next = std::exchange(waiting_, {});
    room_.set();
    written = co_await stream_->write_all(as_bytes(next), limits::slow_client_deadline);
  }
  writing_ = false;
  if (!written.ok()) close();
  free_.set();
  co_return written;
}

Task<Result<Done>> ClientSide::relay(ByteView chunk, bool ends_inside) {
  if (writing_) return relay_later(chunk, ends_inside);
  writing_ = true;
  inside_ = ends_inside;
  return write(chunk);
}

Task<Result<Done>> ClientSide::relay_later(ByteView chunk, bool ends_inside) {
  relay_waits_ = true;
  while (writing_) co_await free_.wait(Duration::max());
  relay_waits_ = false;
  co_return co_await relay(chunk, ends_inside);
}

Task<Result<Done>> ClientSide::say(std::string messages) {
  if (writing_ || inside_ || relay_waits_) {
    waiting_ += messages;
    while (waiting_.size() > kWaitingMax && stream_->is_open()) co_await room_.wait(Duration::max());
    if (!stream_->is_open()) co_return Error{Code::closed, Blame::client, "the client's connection is closed"};
    co_return Done{};
  }
  writing_ = true;
  co_return co_await write(as_bytes(messages));
}

void ClientSide::last_words(std::string_view messages) {
  if (!writing_ && !inside_) stream_->try_write(as_bytes(messages));
}

void ClientSide::close() {
  stream_->close();
  room_.set();
}

}  // namespace narrowgate::postgres
