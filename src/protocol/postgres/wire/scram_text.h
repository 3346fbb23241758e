// Takes SCRAM's attribute lists apart: letter, '=', value, comma between. Strict: the attributes asked for, in order, and no
// others (an `m=` extension must be refused by RFC 5802, and PostgreSQL sends none).
#pragma once

#include <algorithm>
#include <string_view>

namespace narrowgate::postgres {

class ScramText {
 public:
  explicit ScramText(std::string_view text) : text_(text) {}

  // The next attribute's value, which must have this letter; "" if it has not, and then read_all() stays false.
  std::string_view take(char letter) {
    const std::size_t start = at_ == 0 ? 0 : at_ + 1;
    if (failed_ || start + 2 > text_.size() || text_[start] != letter || text_[start + 1] != '=')
      return failed_ = true, std::string_view{};
    at_ = std::min(text_.find(',', start), text_.size());
    return text_.substr(start + 2, at_ - start - 2);
  }
  // Everything taken so far, without the comma behind it.
  std::string_view taken() const { return text_.substr(0, at_); }
  bool read_all() const { return !failed_ && at_ == text_.size(); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

// RFC 5802 "printable": ASCII from '!' to '~' without the comma.
inline bool is_scram_nonce(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~' && c != ','; });
}

}  // namespace narrowgate::postgres
