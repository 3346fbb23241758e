// A hostile server, with an honest one's SCRAM at hand: whatever it does, a login that pins SCRAM ends well only after the honest
// server's last word, and no password leaves in clear without TLS.
#include <algorithm>

#include "protocol/postgres/wire/messages_answer.h"
#include "protocol/postgres/wire/upstream_login.h"

namespace {

using namespace narrowgate;
using namespace narrowgate::postgres;

const SecretString password(std::string("correct horse"));

class Server {
 public:
  // What the honest server would say next, if it can.
  Bytes honest(const Bytes& heard) {
    Bytes out;
    if (!scram_ && heard.empty()) {
      const std::string_view mechanisms[] = {scram_sha_256};
      answer::authentication_sasl(out, mechanisms);
    } else if (!scram_ && heard.size() > 5) {
      const auto initial = frontend::decode_sasl_initial(ByteView(heard).subspan(5));
      if (!initial || !initial->data) return out;
      static const ScramVerifier verifier = *make_verifier(password, limits::scram_iterations_min, Bytes(16, 7));
      scram_.emplace(verifier, scram_sha_256, Bytes{});
      const auto first = scram_->first(*initial->data);
      if (first) answer::authentication_sasl_continue(out, *first);
      answered_ = first.ok();
    } else if (answered_ && heard.size() > 5) {
      answered_ = false;
      const auto last = scram_->finish(as_text(ByteView(heard).subspan(5)));
      if (last) answer::authentication_sasl_final(out, *last);
      proved_ = last.ok();
    }
    return out;
  }
  bool proved() const { return proved_; }

 private:
  std::optional<ScramServer> scram_;
  bool answered_ = false, proved_ = false;
};

// The input: pieces of what the server says, each behind a byte: 0 for "the honest server's next word", else so many
// bytes as they are.
void play(ByteView script, UpstreamLogin login, bool pinned, bool encrypted) {
  Server server;
  Bytes heard, buffer;
  while (!script.empty()) {
    const std::size_t count = std::min<std::size_t>(script[0], script.size() - 1);
    const Bytes said =
        script[0] == 0 ? server.honest(heard) : Bytes(script.begin() + 1, script.begin() + 1 + std::ptrdiff_t(count));
    script = script.subspan(1 + count);
    buffer.insert(buffer.end(), said.begin(), said.end());
    while (true) {
      const auto step = login.next(buffer);
      if (!step) return;
      buffer.erase(buffer.begin(), buffer.begin() + std::ptrdiff_t(step->used));
      if (!step->send.empty()) heard = step->send;
      if (!encrypted) NG_CHECK(as_text(step->send).find(password.expose()) == std::string_view::npos);
      if (step->finished) {
        NG_CHECK(!pinned || server.proved());
        return;
      }
      if (step->used == 0) break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  UpstreamLoginOptions options;
  options.user = "u";
  options.password = password;
  options.scram_pinned = data[0] & 1;
  options.encrypted = data[0] & 2;
  options.minor = data[0] & 4 ? 2 : 0;
  const bool pinned = options.scram_pinned, encrypted = options.encrypted;
  play(ByteView(data + 1, size - 1), *UpstreamLogin::create(std::move(options)), pinned, encrypted);
  (void)check_tls_answer(ByteView(data, size));
  return 0;
}
