// However the stream is cut, the scanner says the same: the same messages, rows, bytes and fault, and passes on the same bytes.
#include <string>

#include "protocol/postgres/wire/frames.h"

namespace {

using namespace narrowgate;
using namespace narrowgate::postgres;

struct Walk {
  std::string frames, passed;
  std::uint64_t rows = 0, bytes = 0;
  bool over_budget = false;
  std::optional<Code> fault;
  friend bool operator==(const Walk&, const Walk&) = default;
};

// False when the walk is over.
bool take(const Result<RelayStep>& step, Walk& walk) {
  if (!step) walk.fault = step.error().code;
  if (!step || step->kind == RelayStep::Kind::more) return false;
  walk.over_budget = step->kind == RelayStep::Kind::over_budget;
  if (walk.over_budget) return false;
  walk.passed += as_text(step->raw);
  walk.rows += step->rows;
  walk.bytes += step->bytes;
  if (step->kind == RelayStep::Kind::frame)
    walk.frames += std::to_string(step->body.size()) + step->type + std::string(as_text(step->body));
  return true;
}

template <class NextSize>
Walk walk(ByteView stream, std::uint64_t rows, std::uint64_t bytes, NextSize&& next_size) {
  RelayScanner scanner;
  scanner.allow(rows, bytes);
  Walk out;
  while (!stream.empty() && !out.fault && !out.over_budget) {
    const Bytes own(stream.begin(), stream.begin() + std::ptrdiff_t(std::min(stream.size(), next_size())));
    stream = stream.subspan(own.size());
    ByteView chunk = own;
    while (true) {
      const auto step = scanner.next(chunk);
      if (step) chunk = chunk.subspan(step->used);
      if (!take(step, out)) break;
    }
    NG_CHECK(out.fault || out.over_budget || chunk.empty());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::uint64_t rows = data[0] == 0 ? RelayScanner::unlimited : data[0];
  const std::uint64_t bytes = data[1] == 0 ? RelayScanner::unlimited : 8u * data[1];
  std::uint32_t random = data[2] | data[3] << 8;
  const ByteView stream(data + 4, size - 4);
  const Walk whole = walk(stream, rows, bytes, [&] { return size; });
  NG_CHECK(whole.rows <= rows && whole.bytes <= bytes);
  NG_CHECK(as_text(stream).starts_with(whole.passed));
  NG_CHECK(walk(stream, rows, bytes, [] { return std::size_t(1); }) == whole);
  NG_CHECK(walk(stream, rows, bytes, [&] { return std::size_t(1 + ((random = random * 1664525 + 1013904223) >> 24) % 40); }) ==
           whole);
  return 0;
}
