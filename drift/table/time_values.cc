#include "drift/table/time_values.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>

namespace drift {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kLargestSeconds = 100'000'000'000;

/// Reads a text from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool Take(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool TakeOneOf(std::string_view any) {
    if (rest_.empty() || any.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` digits, a number of at most `most`.
  std::optional<int> Number(size_t digits, int most) {
    int number = 0;
    if (rest_.size() < digits) return std::nullopt;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      number = 10 * number + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    if (number > most) return std::nullopt;
    return number;
  }
  /// Digits after the point, as nanoseconds; what is finer is dropped.
  std::optional<int64_t> Fraction() {
    int64_t fraction = 0, unit = kSecond;
    size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      unit /= 10;
      fraction += (rest_[digits] - '0') * unit;
    }
    rest_.remove_prefix(digits);
    if (digits == 0) return std::nullopt;
    return fraction;
  }

 private:
  std::string_view rest_;
};

/// Nanoseconds after midnight; the hour and minute are required.
std::optional<int64_t> TimeOfDay(Scanner& scanner) {
  const auto hour = scanner.Number(2, 24);
  if (!hour || !scanner.Take(':')) return std::nullopt;
  const auto minute = scanner.Number(2, 59);
  if (!minute) return std::nullopt;
  int64_t seconds = int64_t{*hour} * 3600 + int64_t{*minute} * 60, fraction = 0;
  if (scanner.Take(':')) {
    const auto second = scanner.Number(2, 60);
    if (!second) return std::nullopt;
    seconds += *second;
    if (scanner.TakeOneOf(".,")) {
      const auto digits = scanner.Fraction();
      if (!digits) return std::nullopt;
      fraction = *digits;
    }
  }
  if (seconds > 86'400) return std::nullopt;
  return seconds * kSecond + fraction;
}

/// What stands after the time of day, as seconds east of UTC.
std::optional<int64_t> Zone(Scanner& scanner) {
  if (scanner.done() || scanner.TakeOneOf("Zz")) return 0;
  const bool west = scanner.Take('-');
  if (!west && !scanner.Take('+')) return std::nullopt;
  const auto hours = scanner.Number(2, 23);
  if (!hours) return std::nullopt;
  scanner.Take(':');
  int minutes = 0;
  if (!scanner.done()) {
    const auto read = scanner.Number(2, 59);
    if (!read) return std::nullopt;
    minutes = *read;
  }
  const int64_t offset = *hours * 3600 + minutes * 60;
  return west ? -offset : offset;
}

std::optional<int64_t> IsoTime(std::string_view text) {
  Scanner scanner(text);
  const auto year = scanner.Number(4, 9999);
  if (!year || !scanner.Take('-')) return std::nullopt;
  const auto month = scanner.Number(2, 12);
  if (!month || !scanner.Take('-')) return std::nullopt;
  const auto day = scanner.Number(2, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  int64_t in_day = 0, zone = 0;
  if (scanner.TakeOneOf("T t")) {
    const auto read = TimeOfDay(scanner);
    const auto east = read ? Zone(scanner) : std::nullopt;
    if (!east) return std::nullopt;
    in_day = *read;
    zone = *east;
  }
  if (!scanner.done()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const auto seconds = ScaledTime(days * 86'400 - zone, kSecond);
  int64_t time = 0;
  if (!seconds || __builtin_add_overflow(*seconds, in_day, &time)) return std::nullopt;
  return time;
}

}  // namespace

std::optional<int64_t> ScaledTime(int64_t number, int64_t unit_ns) {
  int64_t time = 0;
  if (__builtin_mul_overflow(number, unit_ns, &time)) return std::nullopt;
  return time;
}

std::optional<int64_t> TimeFromNumber(int64_t number) {
  int64_t unit = kSecond;
  // The number is brought down, not the limit up: the limit of nanoseconds would not fit.
  for (int64_t rest = number; unit > 1 && (rest >= kLargestSeconds || rest <= -kLargestSeconds); rest /= 1000) {
    unit /= 1000;
  }
  return ScaledTime(number, unit);
}

std::optional<int64_t> TimeFromNumber(double number) {
  double unit = static_cast<double>(kSecond);
  for (double limit = static_cast<double>(kLargestSeconds); unit > 1 && std::fabs(number) >= limit; limit *= 1000) {
    unit /= 1000;
  }
  const double time = number * unit;
  if (!(std::fabs(time) < 0x1p63)) return std::nullopt;
  return static_cast<int64_t>(time);
}

std::optional<int64_t> TimeFromText(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (const auto time = IsoTime(text)) return time;
  int64_t whole = 0;
  const char* end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end) {
    return TimeFromNumber(whole);
  }
  double number = 0;
  if (const auto read = std::from_chars(text.data(), end, number); read.ec == std::errc() && read.ptr == end) {
    return TimeFromNumber(number);
  }
  return std::nullopt;
}

}  // namespace drift
