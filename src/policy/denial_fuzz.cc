// Whatever names end up in a denial: at most 480 bytes of valid JSON.
#include "base/bytes.h"
#include "base/check.h"
#include "base/json.h"
#include "policy/decision.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narrowgate;
  Denial denial;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string* parts[] = {&denial.decision, &denial.ask, &denial.retry};
  for (std::size_t i = 0; !text.empty(); ++i) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string piece(text.substr(0, end));
    if (i < std::size(parts)) *parts[i] = piece;
    else (i % 2 == 0 ? denial.need : denial.have).push_back(piece);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto json = to_json(denial);
  NG_CHECK(json.size() <= 480);
  NG_CHECK(is_utf8(json));
  NG_CHECK(parse_json(json).ok());
  return 0;
}
