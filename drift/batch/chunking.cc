#include "drift/batch/chunking.h"

#include <charconv>
#include <chrono>

#include "absl/strings/str_format.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr int64_t kMinute = 60'000'000'000, kHour = 60 * kMinute, kDay = 24 * kHour, kWeek = 7 * kDay;
constexpr int64_t kFirstMonday = 4 * kDay;  // 1970-01-05
constexpr int kLargestCount = 1000;

struct Unit {
  std::string_view name;
  int64_t length_ns;  // 0: a month
};
constexpr Unit kUnits[] = {{"min", kMinute}, {"h", kHour}, {"d", kDay}, {"w", kWeek}, {"mo", 0}};

int64_t FloorDivide(int64_t number, int64_t by) { return number / by - (number % by < 0 ? 1 : 0); }

std::chrono::year_month_day DateOf(int64_t time_ns) {
  return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(FloorDivide(time_ns, kDay))));
}

/// Months since year 0.
int64_t MonthOf(int64_t time_ns) {
  const auto date = DateOf(time_ns);
  return int64_t{12} * static_cast<int>(date.year()) + static_cast<unsigned>(date.month()) - 1;
}

int64_t StartOfMonth(int64_t month) {
  const int64_t year = FloorDivide(month, 12);
  const std::chrono::year_month_day first(std::chrono::year(static_cast<int>(year)),
                                          std::chrono::month(static_cast<unsigned>(month - 12 * year) + 1),
                                          std::chrono::day(1));
  return std::chrono::sys_days(first).time_since_epoch().count() * kDay;
}

}  // namespace

absl::StatusOr<Chunking> Chunking::Parse(std::string_view text) {
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& unit : kUnits) {
    if (error != std::errc() || count < 1 || count > kLargestCount || name != unit.name) continue;
    const bool months = unit.length_ns == 0;
    return Chunking(std::string(text), count * unit.length_ns, months ? count : 0);
  }
  return absl::InvalidArgumentError(
      Concat("expected a chunk of 1 to ", kLargestCount, " min, h, d, w or mo, as '1d' or '1mo'; got '", text, "'"));
}

int64_t Chunking::StartOf(int64_t time_ns) const {
  if (months_ > 0) return StartOfMonth(months_ * FloorDivide(MonthOf(time_ns), months_));
  const int64_t origin = length_ns_ % kWeek == 0 ? kFirstMonday : 0;
  return origin + length_ns_ * FloorDivide(time_ns - origin, length_ns_);
}

int64_t Chunking::EndOf(int64_t start_ns) const {
  return months_ > 0 ? StartOfMonth(MonthOf(start_ns) + months_) : start_ns + length_ns_;
}

std::string Chunking::Label(int64_t start_ns) const {
  const auto date = DateOf(start_ns);
  std::string label = absl::StrFormat("%04d-%02u-%02u", static_cast<int>(date.year()),
                                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (months_ > 0 || length_ns_ % kDay == 0) return label;
  const int64_t minutes = (start_ns - kDay * FloorDivide(start_ns, kDay)) / kMinute;
  return label + absl::StrFormat(" %02d:%02d", minutes / 60, minutes % 60);
}

}  // namespace drift
