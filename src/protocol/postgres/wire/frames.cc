#include "protocol/postgres/wire/frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "protocol/wire/reader.h"

namespace narrowgate::postgres {
namespace {

constexpr std::size_t header_bytes = 5;  // a type and a length that counts itself
constexpr std::size_t whole_body_max = limits::message_bytes_max - 4;
constexpr std::size_t kept_idle_bytes = 64 * 1024;  // a longer cut message gives its memory back afterwards

// What bodies of one type may weigh.
struct Shape {
  enum class Kind : std::uint8_t { unknown, login, whole, passable, stream, refused };  // passable: passed over if too long
  Kind kind = Kind::unknown;
  std::uint32_t body_min = 0;
  std::uint32_t body_max = 0;
};
using Shapes = std::array<Shape, 256>;

constexpr Shapes frontend_shapes() {
  using enum Shape::Kind;
  Shapes shapes{};
  const auto set = [&](char type, Shape shape) { shapes[Byte(type)] = shape; };
  set('p', {login, 0, limits::password_bytes_max + 1});
  set('Q', {passable, 1, limits::pg_query_body_max});
  set('P', {passable, 4, limits::pg_parse_body_max});
  set('B', {passable, 8, limits::pg_bind_body_max});
  set('D', {whole, 2, limits::pg_name_body_max});
  set('E', {whole, 5, limits::pg_name_body_max});
  set('C', {whole, 2, limits::pg_name_body_max});
  set('S', {whole, 0, 0});
  set('H', {whole, 0, 0});
  set('X', {whole, 0, 0});
  set('F', {passable, 10, limits::pg_call_body_max});
  set('d', {stream, 0, whole_body_max});
  set('c', {whole, 0, 0});
  set('f', {whole, 1, limits::pg_copy_fail_body_max});
  return shapes;
}

constexpr Shapes backend_shapes() {
  using enum Shape::Kind;
  Shapes shapes{};
  const auto set = [&](char type, Shape shape) { shapes[Byte(type)] = shape; };
  for (const char type : {'1', '2', '3', 'n', 's', 'I', 'c'}) set(type, {whole, 0, 0});
  for (const char type : {'R', 'K', 'v'}) set(type, {login, 4, limits::pg_inspected_body_max});
  set('W', {refused, 3, limits::pg_inspected_body_max});
  set('Z', {whole, 1, 1});
  set('S', {whole, 2, limits::pg_inspected_body_max});
  set('E', {whole, 1, limits::pg_inspected_body_max});
  set('N', {whole, 1, limits::pg_inspected_body_max});
  set('C', {whole, 1, limits::pg_inspected_body_max});
  set('T', {whole, 2, limits::pg_inspected_body_max});
  set('t', {whole, 2, limits::pg_inspected_body_max});
  set('G', {whole, 3, limits::pg_inspected_body_max});
  set('H', {whole, 3, limits::pg_inspected_body_max});
  set('A', {whole, 6, limits::pg_inspected_body_max});
  set('V', {stream, 4, whole_body_max});
  set('D', {stream, 2, whole_body_max});
  set('d', {stream, 0, whole_body_max});
  return shapes;
}

constexpr Shapes from_client = frontend_shapes();
constexpr Shapes from_upstream = backend_shapes();

std::string name(Byte type) {
  return type > 0x20 && type < 0x7F ? fmt::format("'{}'", char(type)) : fmt::format("0x{:02x}", type);
}

Error unknown_type(Byte type, Blame blame) {
  return {Code::malformed, blame,
          fmt::format("no message has the type {}; the stream is out of step or not PostgreSQL's", name(type))};
}

// The body's size, from a header whose type is known.
Result<std::size_t> body_size(const Byte* header, const Shape& shape, Blame blame) {
  const std::uint32_t length = wire::load_u32(header + 1);
  if (length < 4 || length - 4 < shape.body_min) {
    return Error{Code::malformed, blame,
                 fmt::format("message {} has the length {}, which is too short for it", name(header[0]), length)};
  }
  if (length - 4 <= shape.body_max) return std::size_t(length - 4);
  const Code code = shape.body_max == 0 ? Code::malformed : Code::too_large;
  return Error{code, blame,
               fmt::format("message {} has the length {}; at most {} is taken", name(header[0]), length, shape.body_max + 4)};
}

// Longer than we hold, and no longer than PostgreSQL would take.
bool is_excessive(const Byte* header, const Shape& shape) {
  const std::uint32_t length = wire::load_u32(header + 1);
  return length > shape.body_max + 4 && length <= limits::message_bytes_max;
}

}  // namespace

// ---- client → gateway

Result<std::optional<Frame>> FrontendFrames::next(ByteView buffer) {
  if (copy_left_ > 0) {
    wanted_ = 1;
    if (buffer.empty()) return std::optional<Frame>{};
    const ByteView piece = buffer.first(std::min(buffer.size(), copy_left_));
    copy_left_ -= piece.size();
    return std::optional(Frame{.type = 'd', .body = piece, .size = piece.size()});
  }
  if (excess_left_ > 0) return pass_over(buffer);
  wanted_ = header_bytes;
  if (buffer.empty()) return std::optional<Frame>{};
  const Shape& shape = from_client[buffer[0]];
  if (shape.kind == Shape::Kind::unknown) return unknown_type(buffer[0], Blame::client);
  if ((shape.kind == Shape::Kind::login) != (phase_ == Phase::login)) {
    const auto* when = phase_ == Phase::login ? "before the login is done" : "after the login";
    return Error{Code::malformed, Blame::client, fmt::format("message {} may not come {}", name(buffer[0]), when)};
  }
  if (buffer.size() < header_bytes) return std::optional<Frame>{};
  const bool passed_over = shape.kind == Shape::Kind::passable && is_excessive(buffer.data(), shape);
  if (passed_over) {
    excess_type_ = char(buffer[0]);
    excess_left_ = header_bytes + wire::load_u32(buffer.data() + 1) - 4;
    return pass_over(buffer);
  }
  NG_TRY(const std::size_t body, body_size(buffer.data(), shape, Blame::client));
  const std::size_t here = std::min(body, buffer.size() - header_bytes);
  if (here == body)
    return std::optional(Frame{.type = char(buffer[0]), .body = buffer.subspan(header_bytes, body), .size = header_bytes + body});
  wanted_ = shape.kind == Shape::Kind::stream ? header_bytes + 1 : header_bytes + body;
  if (shape.kind != Shape::Kind::stream || here == 0) return std::optional<Frame>{};
  copy_left_ = body - here;
  return std::optional(Frame{.type = 'd', .body = buffer.subspan(header_bytes, here), .size = header_bytes + here});
}

Result<std::optional<Frame>> FrontendFrames::pass_over(ByteView buffer) {
  wanted_ = 1;
  if (buffer.empty()) return std::optional<Frame>{};
  const std::size_t size = std::min(buffer.size(), excess_left_);
  excess_left_ -= size;
  const auto excess = excess_left_ == 0 ? Frame::Excess::end : Frame::Excess::piece;
  return std::optional(Frame{.type = excess_type_, .body = {}, .size = size, .excess = excess});
}

// ---- upstream → gateway

Result<std::optional<Frame>> BackendFrames::next(ByteView buffer) {
  wanted_ = header_bytes;
  if (buffer.empty()) return std::optional<Frame>{};
  Shape shape = from_upstream[buffer[0]];
  if (shape.kind == Shape::Kind::unknown) return unknown_type(buffer[0], Blame::upstream);
  if (buffer.size() < header_bytes) return std::optional<Frame>{};
  shape.body_max = std::uint32_t(std::min<std::size_t>(shape.body_max, body_max_));
  NG_TRY(const std::size_t body, body_size(buffer.data(), shape, Blame::upstream));
  wanted_ = header_bytes + body;
  if (buffer.size() < wanted_) return std::optional<Frame>{};
  return std::optional(Frame{.type = char(buffer[0]), .body = buffer.subspan(header_bytes, body), .size = wanted_});
}

// ---- upstream → client, in bulk

Result<RelayStep> RelayScanner::next(ByteView chunk) {
  if (kept_is_out_) {
    kept_is_out_ = false;
    kept_.clear();
    if (kept_.capacity() > kept_idle_bytes) Bytes().swap(kept_);
  }
  if (!kept_.empty()) return resume(chunk);
  if (chunk.empty()) return RelayStep{};
  const RelayStep bulk = walk_bulk(chunk);
  return bulk.used > 0 ? bulk : inspect(chunk);
}

namespace {
Result<Done> bounded(std::size_t size) {
  if (size <= limits::masked_row_bytes_max) return Done{};
  return Error{
      Code::too_large, Blame::upstream,
      fmt::format("a row of {} bytes in an answer with masked columns; the limit is {}", size, limits::masked_row_bytes_max)};
}
}  // namespace

// As many rows as the chunk and the budget hold, without a look inside. Stops in front of anything it cannot judge; takes
// nothing if that is what the chunk begins with.
RelayStep RelayScanner::walk_bulk(ByteView chunk) {
  const Byte* at = chunk.data();
  std::size_t left = chunk.size();
  std::uint64_t rows = 0, bytes = 0;
  const std::uint64_t rows_max = rows_left_, bytes_max = bytes_left_;

  const std::size_t rest = std::min(bulk_left_, left);
  bulk_left_ -= rest;
  at += rest;
  left -= rest;
  while (!whole_rows_ && left >= header_bytes && (at[0] == 'D' || at[0] == 'd' || at[0] == 'V')) {
    const std::uint32_t length = wire::load_u32(at + 1);
    const std::uint64_t size = std::uint64_t(length) + 1;
    const std::uint32_t length_min = at[0] == 'D' ? 6 : at[0] == 'V' ? 8 : 4;
    if (length < length_min || length > limits::message_bytes_max || rows == rows_max || size > bytes_max - bytes) break;
    ++rows;
    bytes += size;
    if (size > left) {
      bulk_left_ = std::size_t(size) - left;
      left = 0;
      break;
    }
    at += size;
    left -= std::size_t(size);
  }
  if (rows_left_ != unlimited) rows_left_ -= rows;
  if (bytes_left_ != unlimited) bytes_left_ -= bytes;
  const std::size_t used = chunk.size() - left;
  return {.kind = RelayStep::Kind::bulk, .used = used, .raw = chunk.first(used), .rows = rows, .bytes = bytes};
}

// The chunk begins with something other than a row that may pass.
Result<RelayStep> RelayScanner::inspect(ByteView chunk) {
  const Shape& shape = from_upstream[chunk[0]];
  if (shape.kind == Shape::Kind::unknown) return unknown_type(chunk[0], Blame::upstream);
  if (shape.kind == Shape::Kind::login) {
    return Error{Code::malformed, Blame::upstream, fmt::format("message {} belongs to the login, which is done", name(chunk[0]))};
  }
  if (shape.kind == Shape::Kind::refused) {
    return Error{Code::unsupported, Blame::upstream, "CopyBothResponse begins a replication stream, which is never relayed"};
  }
  if (chunk.size() < header_bytes) return keep(chunk);
  NG_TRY(const std::size_t body, body_size(chunk.data(), shape, Blame::upstream));
  const std::size_t size = header_bytes + body;
  if (shape.kind == Shape::Kind::stream) {
    if (!whole_rows_ || !fits_budget(size)) return RelayStep{.kind = RelayStep::Kind::over_budget, .type = char(chunk[0])};
    NG_TRY_VOID(bounded(size));
    if (chunk.size() >= size) spend(size);
  }
  if (chunk.size() < size) return keep(chunk);
  return RelayStep{.kind = RelayStep::Kind::frame,
                   .type = char(chunk[0]),
                   .used = size,
                   .raw = chunk.first(size),
                   .body = chunk.subspan(header_bytes, body)};
}

void RelayScanner::spend(std::size_t size) {
  if (rows_left_ != unlimited) --rows_left_;
  if (bytes_left_ != unlimited) bytes_left_ -= size;
}

RelayStep RelayScanner::keep(ByteView chunk) {
  kept_.insert(kept_.end(), chunk.begin(), chunk.end());
  return {.kind = RelayStep::Kind::more, .used = chunk.size()};
}

// Goes on with a message whose start is kept: first its header, then (of anything but a row) its body.
Result<RelayStep> RelayScanner::resume(ByteView chunk) {
  std::size_t used = 0;
  const auto take_up_to = [&](std::size_t size) {
    const std::size_t missing = kept_.size() < size ? std::min(size - kept_.size(), chunk.size() - used) : 0;
    kept_.insert(kept_.end(), chunk.begin() + std::ptrdiff_t(used), chunk.begin() + std::ptrdiff_t(used + missing));
    used += missing;
    return kept_.size() >= size;
  };
  if (!take_up_to(header_bytes)) return RelayStep{.used = used};
  const Shape& shape = from_upstream[kept_[0]];
  NG_TRY(const std::size_t body, body_size(kept_.data(), shape, Blame::upstream));
  if (shape.kind == Shape::Kind::stream && whole_rows_) {
    if (!fits_budget(header_bytes + body))
      return RelayStep{.kind = RelayStep::Kind::over_budget, .type = char(kept_[0]), .used = used};
    NG_TRY_VOID(bounded(header_bytes + body));
  } else if (shape.kind == Shape::Kind::stream) {
    RelayStep step = walk_bulk(kept_);  // takes the header, or nothing if the budget is used up
    kept_is_out_ = step.used > 0;
    if (!kept_is_out_) step = {.kind = RelayStep::Kind::over_budget, .type = char(kept_[0])};
    step.used = used;
    return step;
  }
  if (!take_up_to(header_bytes + body)) return RelayStep{.used = used};
  if (shape.kind == Shape::Kind::stream) spend(header_bytes + body);
  kept_is_out_ = true;
  return RelayStep{.kind = RelayStep::Kind::frame,
                   .type = char(kept_[0]),
                   .used = used,
                   .raw = kept_,
                   .body = ByteView(kept_).subspan(header_bytes)};
}

}  // namespace narrowgate::postgres
