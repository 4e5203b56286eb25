#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace drift {

/// Nanoseconds since 1970-01-01 UTC. Nothing where the text is no such time, or is out of the range of 64 bits (years
/// 1678 to 2262).
///
/// ISO 8601: 2013-01-05, 2013-01-05T06:00, 2013-01-05 06:00:07.25, each with Z, +02:00 or nothing, which means UTC; or
/// a number as below.
std::optional<int64_t> TimeFromText(std::string_view text);

/// A number is taken by its size: below 1e11 seconds (until the year 5138), then milli-, micro- and nanoseconds, each a
/// thousand times as large.
std::optional<int64_t> TimeFromNumber(double number);
std::optional<int64_t> TimeFromNumber(int64_t number);

/// number · unit_ns, where that fits.
std::optional<int64_t> ScaledTime(int64_t number, int64_t unit_ns);

}  // namespace drift
