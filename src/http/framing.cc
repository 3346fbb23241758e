#include "http/framing.h"

#include "http/strict.h"

namespace narrowgate::http {

Result<std::optional<std::string>> Framing::take_head() {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  const std::size_t found = bytes_.find(end_of_head, searched_);
  const std::size_t size = found == std::string::npos ? bytes_.size() : found + end_of_head.size();
  if (size > limits::head_bytes_max) return Error{Code::too_large, Blame::client, "the head is over its limit"};
  if (found == std::string::npos) {
    // A bare line feed may be somebody's idea of an end; do not wait for ours until the deadline.
    if (const std::size_t feed = bytes_.find('\n', searched_);
        feed != std::string::npos && (feed == 0 || bytes_[feed - 1] != '\r')) {
      return Error{Code::malformed, Blame::client, "a bare line feed in the head"};
    }
    searched_ = bytes_.size() < end_of_head.size() ? 0 : bytes_.size() - end_of_head.size() + 1;
    return std::optional<std::string>();
  }
  std::string head = bytes_.substr(0, size);
  bytes_.erase(0, size);
  searched_ = 0;
  NG_TRY_VOID(check_lines(std::string_view(head).substr(0, head.size() - 2)));
  return std::optional(std::move(head));
}

Result<Stage> Framing::read_body(Parser& parser) {
  std::size_t used = 0;
  while (!parser.done() && used < bytes_.size()) {
    NG_TRY(const std::size_t more, parser.body(std::string_view(bytes_).substr(used)));
    if (more == 0) break;
    used += more;
  }
  bytes_.erase(0, used);
  if (parser.done()) return Stage::complete;
  // What the parser leaves is an unfinished chunk line or trailer.
  if (bytes_.size() > limits::head_bytes_max)
    return Error{Code::too_large, Blame::client, "a chunk line or trailer is over its limit"};
  return Stage::body;
}

}  // namespace narrowgate::http
