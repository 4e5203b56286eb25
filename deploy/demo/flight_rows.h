#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace driftserve {

/// One flight to ask about.
struct FlightRow {
  static constexpr size_t kNumbers = 9;

  int64_t seconds = 0;  // scheduled departure, since the first midnight of the file
  int month = 0;        // 1 to 12
  std::array<double, kNumbers> numbers;  // NaN = missing
  std::string carrier;
  std::string origin;
  double label = 0;    // 1 = late, 0 = not, NaN = never arrived
  double arrived = 0;  // when the label is known: seconds as above, NaN = never
};

/// The file that prepare.py writes, in order of scheduled departure.
struct FlightRows {
  std::array<std::string, FlightRow::kNumbers> names;  // of the numbers
  std::vector<FlightRow> rows;                         // never empty
};

/// INVALID_ARGUMENT names the line and the field that cannot be read, NOT_FOUND a file that is not there.
absl::StatusOr<FlightRows> ReadFlightRows(const std::string& path);

}  // namespace driftserve
