#include "protocol/postgres/words.h"

#include <algorithm>
#include <list>

#include "protocol/postgres/wire/error_fields.h"
#include "protocol/postgres/wire/messages_backend.h"

namespace narrowgate::postgres {
namespace {

bool is_printable(const ErrorField& field) { return printable_text(field.value) == field.value; }

class Rewriting {
 public:
  Rewriting(ErrorFields fields, const WordRules& rules) : before_(std::move(fields)), rules_(rules) {}

  std::vector<ErrorField> fields() {
    std::vector<ErrorField> out = before_.all();
    if (rules_.keep_details) leave_out_details(out);
    if (rules_.detectors != nullptr)
      for (ErrorField& field : out) leave_out_finds(field);
    return out;
  }
  bool changed() const { return changed_; }

 private:
  void change(ErrorField& field, std::string to) {
    field.value = made_.emplace_back(std::move(to));
    changed_ = true;
  }

  // "Failing row contains (…)", "invalid input syntax for type integer: …".
  void leave_out_details(std::vector<ErrorField>& fields) {
    constexpr std::string_view quoting = "DWq";  // detail, where, internal query
    changed_ |= std::erase_if(fields, [&](const ErrorField& field) { return quoting.find(field.code) != quoting.npos; }) > 0;
    if (!before_.sqlstate().starts_with("22")) return;
    for (ErrorField& field : fields)
      if (field.code == 'M')
        change(field, fmt::format("data exception {} in a statement that touches masked columns", before_.sqlstate()));
  }

  void leave_out_finds(ErrorField& field) {
    detect::Counts counts;
    const auto cleaned = rules_.detectors->clean(field.value, counts);
    if (cleaned) change(field, cleaned->null ? "[masked]" : cleaned->text);
  }

  const ErrorFields before_;
  const WordRules& rules_;
  std::list<std::string> made_;  // what the fields look at stays where it is
  bool changed_ = false;
};

Result<std::string> notification(ByteView body, const detect::Detectors* detectors) {
  if (detectors == nullptr) return std::string();
  NG_TRY(const auto told, backend::decode_notification_response(body));
  detect::Counts counts;
  const auto cleaned = detectors->clean(told.payload, counts);
  if (!cleaned) return std::string();
  Bytes out;
  wire::Writer writer(out);
  writer.message('A', [&] {
    writer.i32(told.process);
    writer.cstring(told.channel);
    writer.cstring(cleaned->null ? "[masked]" : cleaned->text);
  });
  return std::string(as_text(out));
}

}  // namespace

Result<std::string> words_for_client(char type, ByteView body, const WordRules& rules) {
  if (type == 'A') return notification(body, rules.detectors);
  NG_TRY(ErrorFields fields, decode_error_fields(body));
  Rewriting rewriting(std::move(fields), rules);
  std::vector<ErrorField> after = rewriting.fields();
  const bool printable = !rules.printable || std::all_of(after.begin(), after.end(), is_printable);
  if (printable && !rewriting.changed()) return std::string();
  Bytes out;
  if (printable) write_error_fields(out, ErrorKind(type), after);
  else write_printable(out, ErrorKind(type), ErrorFields(std::move(after)));
  return std::string(as_text(out));
}

}  // namespace narrowgate::postgres
