// What decodes must come out byte for byte when written afresh, and each message must be found in the same place when it comes
// one byte at a time.
#include "protocol/postgres/wire/messages_frontend.h"

namespace {

using namespace narrowgate;
using namespace narrowgate::postgres;

struct Heard {
  Bytes rewritten;  // copy data as a stream of its own, since its pieces depend on the segments
  Bytes copied;
  bool failed = false;
  friend bool operator==(const Heard&, const Heard&) = default;
};

void hear(const Frame& frame, Heard& heard) {
  const auto message = frontend::decode(frame);
  if (!message) {
    heard.failed = true;
    return;
  }
  if (frame.type == 'd') {
    heard.copied.insert(heard.copied.end(), frame.body.begin(), frame.body.end());
    return;
  }
  Bytes again;
  frontend::write(again, *message);
  NG_CHECK(std::equal(again.begin() + 5, again.end(), frame.body.begin(), frame.body.end()));
  heard.rewritten.insert(heard.rewritten.end(), again.begin(), again.end());
}

Heard listen(ByteView stream, std::size_t step) {
  FrontendFrames frames(FrontendFrames::Phase::session);
  Heard heard;
  std::size_t begin = 0, end = 0;
  while (end < stream.size() && !heard.failed) {
    end = std::min(stream.size(), end + step);
    while (!heard.failed) {
      const auto frame = frames.next(stream.subspan(begin, end - begin));
      if (!frame) heard.failed = true;
      if (!frame || !*frame) break;
      begin += (*frame)->size;
      hear(**frame, heard);
    }
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView stream(data, size);
  NG_CHECK(listen(stream, 1) == listen(stream, std::max<std::size_t>(size, 1)));
  (void)frontend::decode_password(stream);
  (void)frontend::decode_sasl_initial(stream);
  return 0;
}
