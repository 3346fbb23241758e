// The fields of ErrorResponse and NoticeResponse, and what an upstream's words go through before a client reads them.
//
// An upstream's error text is data from outside and a way to talk to the agent: it is passed on, never believed. Control
// characters become visible; nothing is added or left out.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "protocol/wire/writer.h"

namespace narrowgate::postgres {

struct ErrorField {
  char code = 0;  // S V C M D H P p q W s t c d n F L R
  std::string_view value;
};

class ErrorFields {
 public:
  ErrorFields() = default;
  explicit ErrorFields(std::vector<ErrorField> fields) : fields_(std::move(fields)) {}

  const std::vector<ErrorField>& all() const { return fields_; }
  // The last one of that code, as libpq takes it; "" if there is none.
  std::string_view get(char code) const;
  std::string_view severity() const { return get('V').empty() ? get('S') : get('V'); }  // V came with 9.6 and is never translated
  std::string_view sqlstate() const { return get('C'); }
  std::string_view message() const { return get('M'); }
  bool fatal() const { return severity() == "FATAL" || severity() == "PANIC"; }

 private:
  std::vector<ErrorField> fields_;
};

// From the body of an 'E' or 'N'.
Result<ErrorFields> decode_error_fields(ByteView body);

enum class ErrorKind : char { error = 'E', notice = 'N' };
void write_error_fields(wire::Writer out, ErrorKind kind, std::span<const ErrorField> fields);
// The same message afresh, every value through printable_text().
void write_printable(wire::Writer out, ErrorKind kind, const ErrorFields& fields);

// Control characters except newline and tab become \u{1b}; in UTF-8 text also those that hide or reorder it. Text in another
// encoding is otherwise left as it is. Never holds a zero byte.
std::string printable_text(std::string_view text);

}  // namespace narrowgate::postgres
