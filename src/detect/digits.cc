#include "detect/digits.h"

#include <algorithm>

namespace narrowgate::detect {

std::string alphanumeric(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) out += c;
    if (c >= 'a' && c <= 'z') out += char(c - 'a' + 'A');
  }
  return out;
}

std::vector<int> digits_of(std::string_view text) {
  std::vector<int> out;
  for (const char c : text)
    if (c >= '0' && c <= '9') out.push_back(c - '0');
  return out;
}

bool luhn(const std::vector<int>& digits) {
  int sum = 0;
  bool twice = false;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, twice = !twice) {
    const int value = twice ? *digit * 2 : *digit;
    sum += value > 9 ? value - 9 : value;
  }
  return !digits.empty() && sum % 10 == 0;
}

int weighted(const std::vector<int>& digits, std::initializer_list<int> weights) {
  int sum = 0;
  std::size_t at = 0;
  for (const int weight : weights) sum += at < digits.size() ? digits[at++] * weight : 0;
  return sum;
}

bool all_alike(const std::vector<int>& digits) {
  return std::all_of(digits.begin(), digits.end(), [&](int digit) { return digit == digits.front(); });
}

bool is_day(int month, int day) {
  constexpr int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

}  // namespace narrowgate::detect
