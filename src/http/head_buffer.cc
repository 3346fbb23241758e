#include "http/head_buffer.h"

namespace narrowgate::http {
namespace {

bool has_bare_feed(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') return true;
  }
  return false;
}

}  // namespace

Result<std::optional<std::string>> HeadBuffer::take_head() {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  const std::size_t found = bytes_.find(end_of_head, searched_);
  const bool whole = found != std::string::npos;
  const std::size_t size = whole ? found + end_of_head.size() : bytes_.size();
  if (size > limits::head_bytes_max) return Error{Code::too_large, Blame::client, "the head is over its limit"};
  if (!whole) {
    // A bare line feed may be somebody's idea of an end; do not wait for ours until the deadline.
    if (has_bare_feed(bytes_, searched_)) return Error{Code::malformed, Blame::client, "a bare line feed in the head"};
    searched_ = bytes_.size() < end_of_head.size() ? 0 : bytes_.size() - end_of_head.size() + 1;
    return std::optional<std::string>();
  }
  std::string head = bytes_.substr(0, size);
  bytes_.erase(0, size);
  searched_ = 0;
  NG_TRY_VOID(check_lines(std::string_view(head).substr(0, head.size() - 2)));
  return std::optional(std::move(head));
}

Result<Done> HeadBuffer::feed(BodyReader& body) {
  NG_TRY(const std::size_t used, body.read(bytes_));
  bytes_.erase(0, used);
  return Done{};
}

}  // namespace narrowgate::http
