#include "protocol/postgres/reader.h"

#include "base/limits.h"

namespace narrowgate::postgres {
namespace {
constexpr std::size_t kFirstRoom = 4 * 1024;  // most statements; a stranger costs no more
}

Result<std::optional<Frame>> Reader::next() {
  if (begin_ == end_) return std::optional<Frame>();
  NG_TRY(auto frame, frames_.next(waiting()));
  if (frame) begin_ += frame->size;
  return frame;
}

Task<Result<Done>> Reader::read_into(std::size_t room, Duration at_most) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  if (buffer_.size() < end_ + room) buffer_.resize(end_ + room);
  const std::span<Byte> free(buffer_.data() + end_, buffer_.size() - end_);
  Result<std::size_t> read = co_await stream_->read_some(free, at_most);
  if (!read.ok()) co_return std::move(read).error();
  end_ += *read;
  co_return Done{};
}

Task<Result<Done>> Reader::fill(Duration at_most) {
  // Room for the whole of a message that has begun, so that it is gathered without being moved again and again.
  const std::size_t here = end_ - begin_;
  const std::size_t missing = frames_.wanted() > here ? frames_.wanted() - here : 0;
  const std::size_t room = std::max(kFirstRoom, std::min(missing, std::max(here, limits::read_chunk_bytes)));
  return read_into(room, at_most);
}

Task<Result<Done>> Reader::read_ahead(Duration at_most) {
  if (end_ - begin_ >= limits::held_bytes_max)
    return Error{Code::too_large, Blame::client, "too much was sent behind a statement that is held"};
  return read_into(kFirstRoom, at_most);
}

}  // namespace narrowgate::postgres
