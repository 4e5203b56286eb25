#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drift {

/// Nanoseconds of "500ms", "0.5s", "15s", "5m", "1h", "14d"; nothing for any other text, a negative or an unbounded
/// one.
std::optional<int64_t> ParseDuration(std::string_view text);

/// The shortest such text in whole units: "1h", "90s", "1500ms"; below a millisecond in "ns".
std::string FormatDuration(int64_t ns);

/// Bytes of "64MiB", "512KiB", "1GiB", "100B"; nothing for any other text or above 2^62.
std::optional<int64_t> ParseBytes(std::string_view text);

}  // namespace drift
