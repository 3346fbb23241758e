#include "protocol/postgres/client_side.h"

#include "base/limits.h"

namespace narrowgate::postgres {

// Writes `bytes` and then whatever was said meanwhile. The caller has set writing_.
Task<Result<Done>> ClientSide::write(ByteView bytes) {
  Result<Done> written = co_await stream_->write_all(bytes, limits::slow_client_deadline);
  while (written.ok() && !inside_ && !waiting_.empty()) {
    const std::string next = std::exchange(waiting_, {});
    written = co_await stream_->write_all(as_bytes(next), limits::slow_client_deadline);
  }
  writing_ = false;
  free_.set();
  co_return written;
}

Task<Result<Done>> ClientSide::relay(ByteView chunk, bool ends_inside) {
  while (writing_) co_await free_.wait(Duration::max());
  writing_ = true;
  inside_ = ends_inside;
  co_return co_await write(chunk);
}

Task<Result<Done>> ClientSide::say(std::string messages) {
  if (writing_ || inside_) {
    waiting_ += messages;
    co_return Done{};
  }
  writing_ = true;
  co_return co_await write(as_bytes(messages));
}

void ClientSide::last_words(std::string_view messages) {
  if (!writing_ && !inside_) stream_->try_write(as_bytes(messages));
}

}  // namespace narrowgate::postgres
