// What is the same everywhere.
#include "detect/checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/crypto.h"
#include "detect/digits.h"

namespace narrowgate::detect {

bool any(std::string_view) { return true; }

// Visa, Mastercard, American Express, Discover, JCB, Diners Club, UnionPay, Maestro.
bool is_card(std::string_view text) {
  const std::vector<int> digits = digits_of(text);
  if (digits.size() < 12 || digits.size() > 19 || all_alike(digits)) return false;
  const int first = digits[0], two = digits[0] * 10 + digits[1], four = two * 100 + digits[2] * 10 + digits[3];
  const std::size_t size = digits.size();
  const bool issued = (first == 4 && (size == 13 || size == 16 || size == 19)) ||
                      (size == 16 && ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720))) ||
                      (size == 15 && (two == 34 || two == 37)) || (size >= 16 && (four == 6011 || two == 65 || two == 62)) ||
                      (size >= 16 && four >= 3528 && four <= 3589) ||
                      (size == 14 && (two == 36 || two == 38 || (four >= 3000 && four <= 3059))) ||
                      (size >= 12 && (two == 50 || (two >= 56 && two <= 58) || two == 67));
  return issued && luhn(digits);
}

// ISO 13616: the country's length, and 97-10 of ISO 7064 over the whole with its head moved to the end.
bool is_iban(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::size_t>, 78> lengths{{
      {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22}, {"BR", 29},
      {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29},
      {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28},
      {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20},
      {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22},
      {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25},
      {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27},
      {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"XK", 20},
  }};
  const std::string code = alphanumeric(text);
  const auto country = std::find_if(lengths.begin(), lengths.end(), [&](const auto& one) { return code.starts_with(one.first); });
  if (country == lengths.end() || code.size() != country->second) return false;
  int rest = 0;
  for (const char c : code.substr(4) + code.substr(0, 4))
    rest = c <= '9' ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  return rest == 1;
}

bool is_ipv4(std::string_view text) {
  in_addr out;
  return inet_pton(AF_INET, std::string(text).c_str(), &out) == 1;
}

bool is_ipv6(std::string_view text) {
  in6_addr out;
  return std::count(text.begin(), text.end(), ':') >= 2 && inet_pton(AF_INET6, std::string(text).c_str(), &out) == 1;
}

// Four bytes of a double SHA-256 behind 21 others.
bool is_base58_check(std::string_view text) {
  constexpr std::string_view letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  std::array<std::uint8_t, 25> number{};
  for (const char c : text) {
    std::size_t carry = letters.find(c);
    if (carry == std::string_view::npos) return false;
    for (auto byte = number.rbegin(); byte != number.rend(); ++byte) {
      carry += std::size_t(*byte) * 58;
      *byte = std::uint8_t(carry);
      carry >>= 8;
    }
    if (carry != 0) return false;
  }
  const Digest once = sha256(ByteView(number).first(21));
  const Digest twice = sha256(once);
  return std::equal(number.begin() + 21, number.end(), twice.begin());
}

}  // namespace narrowgate::detect
