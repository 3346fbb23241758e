#include "http/body.h"

#include <algorithm>
#include <charconv>

namespace narrowgate::http {
namespace {

Error malformed(const char* what) { return {Code::malformed, Blame::client, what}; }
Error too_large(const char* what) { return {Code::too_large, Blame::client, what}; }

// A line without its end. nullopt: not all of it is here.
Result<std::optional<std::string_view>> line_of(std::string_view bytes, std::size_t line_max) {
  const std::size_t feed = bytes.find('\n');
  const std::size_t size = std::min(feed, bytes.size());
  if (size > line_max) return too_large("a line of a chunked body is over its limit");
  if (feed == std::string_view::npos) return std::optional<std::string_view>();
  if (feed == 0 || bytes[feed - 1] != '\r') return malformed("a bare line feed in a chunked body");
  return std::optional(bytes.substr(0, feed - 1));
}

}  // namespace

BodyReader::BodyReader(Extent extent) : state_(State::counted), left_(extent.length) {
  if (extent.kind == Extent::Kind::chunks) state_ = State::size_line;
  else if (left_ == 0) state_ = State::done;
}

Result<std::size_t> BodyReader::read(std::string_view bytes) {
  if (state_ == State::counted && left_ > bytes_max_ - body_.size()) return too_large("Content-Length is over the limit");
  std::size_t used = 0;
  while (state_ != State::done) {
    NG_TRY(const std::size_t more, step(bytes.substr(used)));
    if (more == 0) break;
    used += more;
  }
  return used;
}

Result<std::size_t> BodyReader::step(std::string_view bytes) {
  switch (state_) {
    case State::counted: return take_bytes(bytes, State::done);
    case State::size_line: return take_size(bytes);
    case State::chunk: return take_bytes(bytes, State::chunk_end);
    case State::chunk_end: return take_chunk_end(bytes);
    case State::trailer: return take_trailer(bytes);
    case State::done: break;
  }
  return std::size_t(0);
}

Result<std::size_t> BodyReader::take_bytes(std::string_view bytes, State next) {
  const std::size_t size = std::size_t(std::min<std::uint64_t>(left_, bytes.size()));
  body_.append(bytes.substr(0, size));
  left_ -= size;
  if (left_ == 0) state_ = next;
  return size;
}

Result<std::size_t> BodyReader::take_size(std::string_view bytes) {
  NG_TRY(const auto line, line_of(bytes, limits::chunk_line_bytes_max));
  if (!line) return std::size_t(0);
  const auto [end, failure] = std::from_chars(line->data(), line->data() + line->size(), left_, 16);
  if (failure != std::errc{} || end != line->data() + line->size())
    return malformed("a chunk size that is not a hexadecimal number");
  if (left_ > bytes_max_ - body_.size()) return too_large("the body is over its limit");
  state_ = left_ == 0 ? State::trailer : State::chunk;
  return line->size() + 2;
}

Result<std::size_t> BodyReader::take_chunk_end(std::string_view bytes) {
  const std::string_view end = "\r\n";
  if (!end.starts_with(bytes.substr(0, 2))) return malformed("a chunk that is longer than its size");
  if (bytes.size() < 2) return std::size_t(0);
  state_ = State::size_line;
  return std::size_t(2);
}

Result<std::size_t> BodyReader::take_trailer(std::string_view bytes) {
  NG_TRY(const auto line, line_of(bytes, limits::head_bytes_max - trailer_bytes_));
  if (!line) return std::size_t(0);
  trailer_bytes_ = std::min(limits::head_bytes_max, trailer_bytes_ + line->size() + 2);
  if (line->empty()) state_ = State::done;
  else if (!is_token(line->substr(0, line->find(':'))) || line->find(':') == std::string_view::npos || !is_field_text(*line)) {
    return malformed("a trailer that is not a field");
  }
  return line->size() + 2;
}

}  // namespace narrowgate::http
