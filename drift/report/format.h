#pragma once

#include <cstdint>
#include <string>

namespace drift {

/// Shortest decimal text that reads back as `value`. REQUIRES: finite.
std::string Number(double value);

/// For people: about `digits` significant digits, no exponent between 1e-4 and 1e6; "0" for 0.
std::string Rounded(double value, int digits = 3);

/// Rounded(), without zeros at the end of a fraction: "0.15", "40".
std::string Tidy(double value, int digits = 3);

/// 0.1234 → "12.3 %".
std::string Percent(double share);

/// 1234567 → "1,234,567"; fractions are rounded away.
std::string Grouped(double count);

/// Unix time → "2026-01-31T12:00:05Z".
std::string UtcTime(std::int64_t unix_ns);

/// A moment as people say it, seen from `now_ns`: "14:05 UTC" on the same day, else "3 October", with the year where it
/// is another one.
std::string Moment(std::int64_t unix_ns, std::int64_t now_ns);

/// Of a length of time: "36 s", "5 min", "1 h", "14 d"; up to two units.
std::string Duration(std::int64_t ns);

}  // namespace drift
