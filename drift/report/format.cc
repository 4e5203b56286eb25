#include "drift/report/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace drift {

std::string Number(double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string Rounded(double value, int digits) {
  if (value == 0) return "0";
  std::array<char, 64> text;
  const double size = std::fabs(value);
  if (size < 1e-4 || size >= 1e6) {
    std::snprintf(text.data(), text.size(), "%.*g", digits, value);
    return text.data();
  }
  const int whole = static_cast<int>(std::floor(std::log10(size))) + 1;
  std::snprintf(text.data(), text.size(), "%.*f", std::clamp(digits - whole, 0, 4), value);
  return text.data();
}

std::string Tidy(double value, int digits) {
  std::string text = Rounded(value, digits);
  if (text.find('.') == text.npos || text.find('e') != text.npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string Percent(double share) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f\u202f%%", 100 * share);
  return text.data();
}

std::string Grouped(double count) {
  const std::string digits = std::to_string(std::llround(std::fabs(count)));
  std::string text = std::llround(count) < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string UtcTime(std::int64_t unix_ns) {
  // Days since 1970-01-01 → civil date, proleptic Gregorian, with the year starting in March.
  std::int64_t seconds = unix_ns / 1'000'000'000 - (unix_ns % 1'000'000'000 < 0 ? 1 : 0);
  std::int64_t days = seconds / 86'400 - (seconds % 86'400 < 0 ? 1 : 0);
  const int in_day = static_cast<int>(seconds - days * 86'400);
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t in_era = days - era * 146'097;
  const std::int64_t in_years = (in_era - in_era / 1460 + in_era / 36'524 - in_era / 146'096) / 365;
  const std::int64_t in_year = in_era - (365 * in_years + in_years / 4 - in_years / 100);
  const int month_from_march = static_cast<int>((5 * in_year + 2) / 153);
  const int day = static_cast<int>(in_year - (153 * month_from_march + 2) / 5) + 1;
  const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const long long year = in_years + era * 400 + (month <= 2 ? 1 : 0);
  std::array<char, 80> text;
  std::snprintf(text.data(), text.size(), "%04lld-%02d-%02dT%02d:%02d:%02dZ", year, month, day, in_day / 3600,
                in_day / 60 % 60, in_day % 60);
  return text.data();
}

std::string Moment(std::int64_t unix_ns, std::int64_t now_ns) {
  constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
  const std::string then = UtcTime(unix_ns), now = UtcTime(now_ns);
  if (then.substr(0, 10) == now.substr(0, 10)) return then.substr(11, 5) + " UTC";
  const std::string year = then.substr(0, 4);
  return std::to_string(std::stoi(then.substr(8, 2))) + " " + kMonths[std::stoul(then.substr(5, 2)) - 1] +
         (year == now.substr(0, 4) ? "" : " " + year);
}

std::string Duration(std::int64_t ns) {
  struct Unit {
    const char* name;
    double seconds;
  };
  constexpr std::array<Unit, 4> kUnits = {{{"d", 86'400}, {"h", 3600}, {"min", 60}, {"s", 1}}};
  double left = static_cast<double>(ns) / 1e9;
  if (left < 1) return Rounded(left, 2) + " s";
  std::string text;
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const double count = i + 1 == kUnits.size() ? std::round(left) : std::floor(left / kUnits[i].seconds);
    if (count == 0) {
      if (!text.empty()) break;
      continue;
    }
    const bool second = !text.empty();
    text += (second ? " " : "") + std::to_string(static_cast<long long>(count)) + " " + kUnits[i].name;
    if (second) break;
    left -= count * kUnits[i].seconds;
  }
  return text;
}

}  // namespace drift
