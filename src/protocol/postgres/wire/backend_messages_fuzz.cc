// Every decoder survives every body, and an error's printable form reads back and is its own printable form.
#include "protocol/postgres/wire/messages_backend.h"

namespace {

using namespace narrowgate;
using namespace narrowgate::postgres;

void check_printable(const ErrorFields& fields) {
  Bytes once, twice;
  write_printable(once, ErrorKind::error, fields);
  const auto again = decode_error_fields(ByteView(once).subspan(5));
  NG_CHECK(again.ok() && again->all().size() == fields.all().size());
  write_printable(twice, ErrorKind::error, *again);
  NG_CHECK(once == twice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView body(data + 1, size - 1);
  const auto message = backend::decode({char(data[0]), body, size + 4});
  (void)backend::decode_text_row(body);
  if (!message) {
    NG_CHECK(message.error().blame == Blame::upstream);
    return 0;
  }
  if (const auto* error = std::get_if<backend::ErrorResponse>(&*message)) check_printable(error->fields);
  if (const auto* complete = std::get_if<backend::CommandComplete>(&*message))
    NG_CHECK(complete->tag.starts_with(complete->verb));
  return 0;
}
