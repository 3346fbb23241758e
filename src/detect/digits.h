// Digits, and the sums that identifiers are checked by.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace narrowgate::detect {

std::string alphanumeric(std::string_view text);    // letters and digits alone, letters in capitals
std::vector<int> digits_of(std::string_view text);  // digits alone
bool luhn(const std::vector<int>& digits);          // the last one checks
int weighted(const std::vector<int>& digits, std::initializer_list<int> weights);  // as many as there are weights
bool all_alike(const std::vector<int>& digits);
bool is_day(int month, int day);  // of some year

}  // namespace narrowgate::detect
