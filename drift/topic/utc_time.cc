#include <charconv>
#include <chrono>

#include "drift/topic/topic_address.h"

namespace drift {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int kFractionDigits = 9;

/// Takes text from the left; once something did not fit, nothing more does.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  int Digits(size_t count) {
    int value = 0;
    const std::string_view digits = text_.substr(0, count);
    good_ = good_ && digits.size() == count && digits.find_first_not_of("0123456789") == std::string_view::npos;
    if (!good_) return 0;
    std::from_chars(digits.data(), digits.data() + count, value);
    text_.remove_prefix(count);
    return value;
  }
  bool Take(char wanted) {
    if (!good_ || text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  void Expect(char wanted) { good_ = Take(wanted); }

  // Nanoseconds of the digits after the point; at least one, at most nine.
  int64_t Fraction() {
    int64_t value = 0;
    int digits = 0;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9' && digits < kFractionDigits) {
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
      ++digits;
    }
    good_ = good_ && digits > 0;
    for (; digits < kFractionDigits; ++digits) value *= 10;
    return value;
  }

  bool at_end() const { return text_.empty(); }
  bool good() const { return good_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

// The zone in nanoseconds east of UTC.
int64_t Zone(Reader& reader) {
  if (reader.Take('Z') || reader.Take('z')) return 0;
  const bool west = reader.Take('-');
  if (!west) reader.Expect('+');
  const int hours = reader.Digits(2);
  reader.Expect(':');
  const int minutes = reader.Digits(2);
  const int64_t east = (hours * 60 + minutes) * kMinute;
  return west ? -east : east;
}

std::optional<int64_t> TimeOfDay(Reader& reader) {
  const int hour = reader.Digits(2);
  reader.Expect(':');
  const int minute = reader.Digits(2);
  reader.Expect(':');
  const int second = reader.Digits(2);
  const int64_t fraction = reader.Take('.') ? reader.Fraction() : 0;
  const int64_t east = Zone(reader);
  if (!reader.good() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return (hour * 60 + minute) * kMinute + second * kSecond + fraction - east;
}

}  // namespace

std::optional<int64_t> ParseUtcTime(std::string_view text) {
  using std::chrono::day, std::chrono::month, std::chrono::year;
  Reader reader(text);
  const year in_year(reader.Digits(4));
  reader.Expect('-');
  const month in_month(static_cast<unsigned>(reader.Digits(2)));
  reader.Expect('-');
  const day on_day(static_cast<unsigned>(reader.Digits(2)));
  const std::chrono::year_month_day date(in_year, in_month, on_day);
  if (!reader.good() || !date.ok() || in_year < year(1970) || in_year > year(2261)) return std::nullopt;
  const int64_t day_ns = std::chrono::sys_days(date).time_since_epoch().count() * 24 * 60 * kMinute;
  if (reader.at_end()) return day_ns;
  if (!reader.Take('T') && !reader.Take('t')) return std::nullopt;
  const std::optional<int64_t> time = TimeOfDay(reader);
  if (!time || !reader.at_end() || day_ns + *time < 0) return std::nullopt;
  return day_ns + *time;
}

}  // namespace drift
