#include "drift/profile/units.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr double kLimit = 4.0e18;  // below 2^62: sums of two still fit

/// The number before the unit, times what the unit is worth. Only digits and one point: no sign, exponent or blank.
std::optional<int64_t> Scaled(std::string_view digits, double unit) {
  double number;
  if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  if (!absl::SimpleAtod(AbslView(digits), &number)) return std::nullopt;
  const double scaled = std::round(number * unit);
  if (!(scaled <= kLimit)) return std::nullopt;
  return static_cast<int64_t>(scaled);
}

using Unit = std::pair<std::string_view, double>;

template <size_t kCount>
std::optional<int64_t> ParseWithUnit(std::string_view text, const Unit (&units)[kCount]) {
  const size_t end = text.find_last_of("0123456789.");
  if (end == std::string_view::npos) return std::nullopt;
  for (const auto& [name, worth] : units) {
    if (text.substr(end + 1) == name) return Scaled(text.substr(0, end + 1), worth);
  }
  return std::nullopt;
}

constexpr Unit kDurations[] = {{"ns", 1},   {"us", 1e3},   {"ms", 1e6},   {"s", 1e9},
                               {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
constexpr Unit kBytes[] = {{"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}};

}  // namespace

std::optional<int64_t> ParseDuration(std::string_view text) { return ParseWithUnit(text, kDurations); }

std::optional<int64_t> ParseBytes(std::string_view text) { return ParseWithUnit(text, kBytes); }

std::string FormatDuration(int64_t ns) {
  constexpr std::pair<std::string_view, int64_t> kWhole[] = {{"d", 86'400'000'000'000},
                                                             {"h", 3'600'000'000'000},
                                                             {"m", 60'000'000'000},
                                                             {"s", 1'000'000'000},
                                                             {"ms", 1'000'000}};
  if (ns == 0) return "0s";
  for (const auto& [name, worth] : kWhole) {
    if (ns % worth == 0) return Concat(ns / worth, name);
  }
  return Concat(ns, "ns");
}

}  // namespace drift
