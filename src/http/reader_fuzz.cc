// Whatever comes, in whatever pieces: no crash, no more kept than the limits say, and the same requests however they are cut.
#include "http/reader.h"

using namespace narrowgate;
using namespace narrowgate::http;

namespace {

struct Outcome {
  std::vector<std::string> requests;
  bool failed = false;
  bool operator==(const Outcome&) const = default;
};

Outcome read(ByteView bytes, std::size_t size) {
  Outcome out;
  RequestReader reader;
  while (!bytes.empty()) {
    const ByteView piece = bytes.first(std::min(size, bytes.size()));
    bytes = bytes.subspan(piece.size());
    reader.append(piece);
    for (;;) {
      auto stage = reader.advance();
      if (stage.ok() && *stage == Stage::body) {
        reader.limit_body(1'000);
        stage = reader.advance();
      }
      if (!stage.ok()) return out.failed = true, out;
      if (*stage != Stage::complete) break;
      Request request = reader.take();
      NG_CHECK(request.body.size() <= limits::body_bytes_max && request.headers.size() <= limits::headers_max);
      out.requests.push_back(request.method + request.target + request.body);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* data, std::size_t size) {
  const ByteView bytes(data, size);
  const Outcome whole = read(bytes, size + 1), single = read(bytes, 1);
  NG_CHECK(whole.requests == single.requests && whole.failed == single.failed);
  ResponseReader responses("GET", 1'000);
  responses.append(bytes);
  if (const auto stage = responses.advance(); stage.ok() && *stage == Stage::complete) (void)responses.take();
  return 0;
}
