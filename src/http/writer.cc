#include "http/writer.h"

#include <fmt/format.h>

namespace narrowgate::http {
namespace {

Error over() { return {Code::closed, Blame::gateway, "the server is stopping"}; }

void append_data(std::string& out, std::string_view data) {
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    const bool pair = data.substr(end).starts_with("\r\n");
    data.remove_prefix(end + (pair ? 2 : 1));
  }
}

std::string one_line(std::string_view text) { return std::string(text.substr(0, text.find_first_of("\r\n"))); }

}  // namespace

std::string server_sent_event(std::string_view event, std::string_view data, std::string_view id) {
  std::string out;
  if (!id.empty()) out += "id: " + one_line(id) + "\n";
  if (!event.empty()) out += "event: " + one_line(event) + "\n";
  append_data(out, data);
  return out + "\n";
}

Response event_stream_head() {
  Response head;
  head.headers.set("Content-Type", "text/event-stream");
  head.headers.set("X-Accel-Buffering", "no");  // some reverse proxies would hold events back
  return head;
}

Task<Result<Done>> ChunkWriter::begin(Response head) {
  NG_CHECK(state_ == State::fresh);
  state_ = State::open;
  if (connection_.chunks()) head.headers.set("Transfer-Encoding", "chunked");
  const std::string first = std::move(head.body);
  NG_CO_TRY_VOID(co_await connection_.send_head(head));
  if (first.empty()) co_return Done{};
  co_return co_await write_chunk(first);
}

Task<Result<Done>> ChunkWriter::write_chunk(std::string_view bytes) {
  NG_CHECK(state_ == State::open || state_ == State::broken);
  if (bytes.empty() || connection_.head_only()) co_return Done{};  // an empty chunk would be the last
  if (state_ == State::broken || connection_.stopping()) co_return over();
  std::string chunk = connection_.chunks() ? fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes) : std::string(bytes);
  co_return co_await send(std::move(chunk));
}

Task<Result<Done>> ChunkWriter::finish() {
  NG_CHECK(state_ == State::open || state_ == State::broken);
  if (state_ == State::broken) co_return over();
  state_ = State::finished;
  if (!connection_.chunks() || connection_.head_only()) co_return Done{};
  co_return co_await send("0\r\n\r\n");
}

Task<Result<Done>> ChunkWriter::send(std::string bytes) {
  Result<Done> sent = co_await connection_.send(bytes);
  if (!sent.ok()) state_ = State::broken;
  co_return sent;
}

}  // namespace narrowgate::http
