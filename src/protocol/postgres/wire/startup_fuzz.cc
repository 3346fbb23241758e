// A startup packet that is read is written back the same, whatever its segments; its options and settings never read past it.
#include "protocol/postgres/wire/startup.h"

namespace {

using namespace narrowgate;
using namespace narrowgate::postgres;

void check_startup(const StartupMessage& startup, ByteView packet) {
  Bytes again;
  write_startup(again, startup);
  NG_CHECK(std::equal(again.begin(), again.end(), packet.begin(), packet.end()));
  NG_CHECK(!startup.user().empty() && !startup.database().empty());
  (void)replication_asked(startup);
  (void)client_settings(startup);
  (void)needs_negotiation(startup);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView stream(data, size);
  for (const bool encrypted : {false, true}) {
    const auto whole = ClientGreeting().next(stream, encrypted);
    if (!whole || !*whole) continue;
    const std::size_t taken = (*whole)->size;
    NG_CHECK(taken <= size);
    for (std::size_t cut = 0; cut < taken; ++cut) {
      const auto early = ClientGreeting().next(stream.first(cut), encrypted);
      NG_CHECK(early.ok() && !*early);
    }
    if (const auto* startup = std::get_if<StartupMessage>(&(*whole)->packet)) check_startup(*startup, stream.first(taken));
  }
  if (const auto settings = parse_options(as_text(stream))) {
    for (const Setting& setting : *settings) NG_CHECK(!setting.name.empty());
  }
  return 0;
}
