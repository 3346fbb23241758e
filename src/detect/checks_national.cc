// Of people and companies, country by country.
#include <algorithm>
#include <array>

#include "detect/checks.h"
#include "detect/digits.h"

namespace narrowgate::detect {
namespace {

using Digits = std::vector<int>;

// The digits, if there are just so many and they are not all the same.
Digits of(std::string_view text, std::size_t size) {
  Digits out = digits_of(text);
  if (out.size() != size || all_alike(out)) out.clear();
  return out;
}

int number(const Digits& digits, std::size_t from, std::size_t size) {
  int out = 0;
  for (std::size_t i = from; i < from + size; ++i) out = out * 10 + digits[i];
  return out;
}

long long long_number(const Digits& digits, std::size_t size) {
  long long out = 0;
  for (std::size_t i = 0; i < size; ++i) out = out * 10 + digits[i];
  return out;
}

// 11 less the remainder of 11; 11 counts as 0.
int from_eleven(int sum) { return (11 - sum % 11) % 11; }

}  // namespace

bool is_ar_cuit(std::string_view text) {
  const Digits d = of(text, 11);
  return !d.empty() && from_eleven(weighted(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2})) == d[10];
}

bool is_au_abn(std::string_view text) {
  Digits d = of(text, 11);
  if (d.empty()) return false;
  --d[0];
  return weighted(d, {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19}) % 89 == 0;
}

bool is_au_medicare(std::string_view text) {
  const Digits d = of(text, 10);
  return !d.empty() && d[0] >= 2 && d[0] <= 6 && weighted(d, {1, 3, 7, 9, 1, 3, 7, 9}) % 10 == d[8];
}

bool is_au_tfn(std::string_view text) {
  const Digits d = of(text, 9);
  return !d.empty() && weighted(d, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0;
}

// Born in 2000 or later: with a 2 in front.
bool is_be_nn(std::string_view text) {
  const Digits d = of(text, 11);
  if (d.empty() || number(d, 2, 2) > 12) return false;
  const long long head = long_number(d, 9);
  const int check = number(d, 9, 2);
  return 97 - head % 97 == check || 97 - (head + 2'000'000'000LL) % 97 == check;
}

bool is_bg_egn(std::string_view text) {
  const Digits d = of(text, 10);
  if (d.empty()) return false;
  const int month = number(d, 2, 2);
  const bool born = is_day(month > 40 ? month - 40 : month > 20 ? month - 20 : month, number(d, 4, 2));
  return born && weighted(d, {2, 4, 8, 5, 10, 9, 7, 3, 6}) % 11 % 10 == d[9];
}

bool is_br_cnpj(std::string_view text) {
  const Digits d = of(text, 14);
  const auto check = [](int sum) { return sum % 11 < 2 ? 0 : 11 - sum % 11; };
  return !d.empty() && check(weighted(d, {5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2})) == d[12] &&
         check(weighted(d, {6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2})) == d[13];
}

bool is_br_cpf(std::string_view text) {
  const Digits d = of(text, 11);
  const auto check = [](int sum) { return sum % 11 < 2 ? 0 : 11 - sum % 11; };
  return !d.empty() && check(weighted(d, {10, 9, 8, 7, 6, 5, 4, 3, 2})) == d[9] &&
         check(weighted(d, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2})) == d[10];
}

bool is_ca_sin(std::string_view text) {
  const Digits d = of(text, 9);
  return !d.empty() && luhn(d);
}

bool is_ch_ahv(std::string_view text) {
  const Digits d = of(text, 13);
  return !d.empty() && number(d, 0, 3) == 756 && weighted(d, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}) % 10 == 0;
}

bool is_cl_rut(std::string_view text) {
  const std::string code = alphanumeric(text);
  if (code.size() < 8 || code.size() > 9) return false;
  int sum = 0, weight = 2;
  for (std::size_t i = code.size() - 1; i-- > 0; weight = weight == 7 ? 2 : weight + 1) {
    if (code[i] > '9') return false;
    sum += (code[i] - '0') * weight;
  }
  return "0K987654321"[sum % 11] == code.back();
}

bool is_cn_id(std::string_view text) {
  const std::string code = alphanumeric(text);
  if (code.size() != 18 || !std::all_of(code.begin(), code.end() - 1, [](char c) { return c <= '9'; })) return false;
  const Digits d = digits_of(code.substr(0, 17));
  const int year = number(d, 6, 4);
  const int sum = weighted(d, {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2});
  return year >= 1900 && year < 2100 && is_day(number(d, 10, 2), number(d, 12, 2)) && "10X98765432"[sum % 11] == code[17];
}

// Ten digits, since 1954; also Slovakia's.
bool is_cz_rc(std::string_view text) {
  const Digits d = of(text, 10);
  if (d.empty()) return false;
  int month = number(d, 2, 2);
  for (const int more : {70, 50, 20})
    if (month > more) month -= more;
  const int rest = int(long_number(d, 9) % 11);
  return is_day(month, number(d, 4, 2)) && (rest == 10 ? 0 : rest) == d[9];
}

// ISO 7064 Mod 11, 10. Of the first ten digits one comes twice or three times, and all others once at most.
bool is_de_tax_id(std::string_view text) {
  const Digits d = of(text, 11);
  if (d.empty() || d[0] == 0) return false;
  std::array<int, 10> times{};
  for (std::size_t i = 0; i < 10; ++i) ++times[std::size_t(d[i])];
  const auto repeated = std::count_if(times.begin(), times.end(), [](int n) { return n > 1; });
  if (repeated != 1 || *std::max_element(times.begin(), times.end()) > 3) return false;
  int product = 10;
  for (std::size_t i = 0; i < 10; ++i) {
    const int sum = (d[i] + product) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return (11 - product) % 10 == d[10];
}

// NIF, and NIE, whose X, Y or Z stands for 0, 1 or 2.
bool is_es_nif(std::string_view text) {
  std::string code = alphanumeric(text);
  if (code.size() != 9) return false;
  if (code[0] >= 'X' && code[0] <= 'Z') code[0] = char(code[0] - 'X' + '0');
  const Digits d = digits_of(code);
  return d.size() == 8 && code[8] > '9' && "TRWAGMYFPDXBNJZSQVHLCKE"[long_number(d, 8) % 23] == code[8];
}

bool is_fi_hetu(std::string_view text) {
  if (text.size() != 11) return false;
  const Digits d = digits_of(std::string(text.substr(0, 6)) + std::string(text.substr(7, 3)));
  const std::string last = alphanumeric(text.substr(10));
  return d.size() == 9 && is_day(number(d, 2, 2), number(d, 0, 2)) && !last.empty() &&
         "0123456789ABCDEFHJKLMNPRSTUVWXY"[long_number(d, 9) % 31] == last[0];
}

// Corsica's 2A and 2B count as 19 and 18.
bool is_fr_nir(std::string_view text) {
  std::string code = alphanumeric(text);
  if (code.size() != 15) return false;
  if (code[5] == '2' && (code[6] == 'A' || code[6] == 'B')) code.replace(5, 2, code[6] == 'A' ? "19" : "18");
  const Digits d = digits_of(code);
  const bool said = d.size() == 15 && d[0] >= 1 && d[0] <= 4 && (number(d, 3, 2) <= 12 || number(d, 3, 2) >= 20);
  return said && 97 - long_number(d, 13) % 97 == number(d, 13, 2);
}

bool is_gb_nhs(std::string_view text) {
  const Digits d = of(text, 10);
  return !d.empty() && from_eleven(weighted(d, {10, 9, 8, 7, 6, 5, 4, 3, 2})) == d[9];
}

bool is_il_id(std::string_view text) {
  const Digits d = of(text, 9);
  return !d.empty() && luhn(d);
}

// Verhoeff.
bool is_in_aadhaar(std::string_view text) {
  static constexpr int product[10][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                          {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                          {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                          {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                          {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
  static constexpr int moved[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
                                       {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
                                       {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                                       {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};
  const Digits d = of(text, 12);
  if (d.empty() || d[0] < 2) return false;
  int check = 0;
  for (std::size_t i = 0; i < d.size(); ++i) check = product[check][moved[i % 8][d[d.size() - 1 - i]]];
  return check == 0;
}

bool is_it_cf(std::string_view text) {
  static constexpr int odd[] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  const std::string code = alphanumeric(text);
  if (code.size() != 16) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 15; ++i) {
    const int value = code[i] <= '9' ? code[i] - '0' : code[i] - 'A';
    sum += i % 2 == 0 ? odd[value] : value;
  }
  return code[15] == char('A' + sum % 26);
}

bool is_jp_my_number(std::string_view text) {
  const Digits d = of(text, 12);
  if (d.empty()) return false;
  const int rest = weighted(d, {6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  return (rest <= 1 ? 0 : 11 - rest) == d[11];
}

bool is_kr_rrn(std::string_view text) {
  const Digits d = of(text, 13);
  return !d.empty() && is_day(number(d, 2, 2), number(d, 4, 2)) &&
         (11 - weighted(d, {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5}) % 11) % 10 == d[12];
}

bool is_nl_bsn(std::string_view text) {
  const Digits d = of(text, 9);
  return !d.empty() && weighted(d, {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0;
}

bool is_no_fnr(std::string_view text) {
  const Digits d = of(text, 11);
  return !d.empty() && is_day(number(d, 2, 2) % 40, d[0] >= 4 ? number(d, 0, 2) - 40 : number(d, 0, 2)) &&
         from_eleven(weighted(d, {3, 7, 6, 1, 8, 9, 4, 5, 2})) == d[9] &&
         from_eleven(weighted(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2})) == d[10];
}

bool is_pl_pesel(std::string_view text) {
  const Digits d = of(text, 11);
  return !d.empty() && is_day(number(d, 2, 2) % 20, number(d, 4, 2)) &&
         (10 - weighted(d, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3}) % 10) % 10 == d[10];
}

bool is_pt_nif(std::string_view text) {
  const Digits d = of(text, 9);
  if (d.empty() || d[0] == 0) return false;
  const int check = 11 - weighted(d, {9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return (check >= 10 ? 0 : check) == d[8];
}

bool is_ro_cnp(std::string_view text) {
  const Digits d = of(text, 13);
  const int rest = weighted(d, {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9}) % 11;
  return !d.empty() && d[0] != 0 && is_day(number(d, 3, 2), number(d, 5, 2)) && (rest == 10 ? 1 : rest) == d[12];
}

bool is_se_pnr(std::string_view text) {
  Digits d = digits_of(text);
  if (d.size() == 12) d.erase(d.begin(), d.begin() + 2);
  if (d.size() != 10 || all_alike(d)) return false;
  const int day = number(d, 4, 2);
  return is_day(number(d, 2, 2), day > 60 ? day - 60 : day) && luhn(d);
}

bool is_sg_nric(std::string_view text) {
  const std::string code = alphanumeric(text);
  const Digits d = digits_of(code);
  if (code.size() != 9 || d.size() != 7) return false;
  const int sum = weighted(d, {2, 7, 6, 5, 4, 3, 2});
  switch (code[0]) {
    case 'S': return "JZIHGFEDCBA"[sum % 11] == code[8];
    case 'T': return "JZIHGFEDCBA"[(sum + 4) % 11] == code[8];
    case 'F': return "XWUTRQPNMLK"[sum % 11] == code[8];
    case 'G': return "XWUTRQPNMLK"[(sum + 4) % 11] == code[8];
    default: return false;
  }
}

bool is_th_pin(std::string_view text) {
  const Digits d = of(text, 13);
  return !d.empty() && d[0] != 0 && (11 - weighted(d, {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 10 == d[12];
}

bool is_tr_tckn(std::string_view text) {
  const Digits d = of(text, 11);
  if (d.empty() || d[0] == 0) return false;
  const int odd = d[0] + d[2] + d[4] + d[6] + d[8], even = d[1] + d[3] + d[5] + d[7];
  return ((odd * 7 - even) % 10 + 10) % 10 == d[9] && (odd + even + d[9]) % 10 == d[10];
}

bool is_us_itin(std::string_view text) {
  const Digits d = of(text, 9);
  if (d.empty() || d[0] != 9) return false;
  const int group = number(d, 3, 2);
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94;
}

// Luhn, with the prefix that the card issuers' numbering gives it.
bool is_us_npi(std::string_view text) {
  Digits d = of(text, 10);
  if (d.empty() || (d[0] != 1 && d[0] != 2)) return false;
  d.insert(d.begin(), {8, 0, 8, 4, 0});
  return luhn(d);
}

bool is_us_routing(std::string_view text) {
  const Digits d = of(text, 9);
  if (d.empty()) return false;
  const int district = number(d, 0, 2);
  const bool issued =
      district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) || district == 80;
  return issued && weighted(d, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0;
}

bool is_us_ssn(std::string_view text) {
  const Digits d = of(text, 9);
  return !d.empty() && d[0] != 9 && number(d, 0, 3) != 0 && number(d, 0, 3) != 666 && number(d, 3, 2) != 0 &&
         number(d, 5, 4) != 0;
}

bool is_za_id(std::string_view text) {
  const Digits d = of(text, 13);
  return !d.empty() && is_day(number(d, 2, 2), number(d, 4, 2)) && d[10] <= 2 && luhn(d);
}

}  // namespace narrowgate::detect
