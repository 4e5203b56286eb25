#include "deploy/demo/flight_rows.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace driftserve {
namespace {

constexpr size_t kColumns = 2 + FlightRow::kNumbers + 4;

bool ReadNumber(std::string_view text, double* value) {
  if (text.empty()) {
    *value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  return absl::SimpleAtod(absl::string_view(text.data(), text.size()), value);
}

// Index of the first field that cannot be read, kColumns when all can.
size_t ReadRow(const std::vector<std::string_view>& fields, FlightRow* row) {
  const auto integer = [&](size_t i, auto* value) {
    return absl::SimpleAtoi(absl::string_view(fields[i].data(), fields[i].size()), value);
  };
  if (!integer(0, &row->seconds)) return 0;
  if (!integer(1, &row->month) || row->month < 1 || row->month > 12) return 1;
  for (size_t i = 0; i < FlightRow::kNumbers; ++i) {
    if (!ReadNumber(fields[2 + i], &row->numbers[i])) return 2 + i;
  }
  row->carrier = fields[kColumns - 4];
  row->origin = fields[kColumns - 3];
  if (!ReadNumber(fields[kColumns - 2], &row->label)) return kColumns - 2;
  return ReadNumber(fields[kColumns - 1], &row->arrived) ? kColumns : kColumns - 1;
}

}  // namespace

absl::StatusOr<FlightRows> ReadFlightRows(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read; deploy/demo/prepare.py writes it"));
  }
  FlightRows flights;
  const std::vector<std::string> header = absl::StrSplit(line, ',');
  if (header.size() != kColumns) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":1: expected ", kColumns, " columns, got ", header.size()));
  }
  for (size_t i = 0; i < FlightRow::kNumbers; ++i) flights.names[i] = header[2 + i];
  for (size_t number = 2; std::getline(file, line); ++number) {
    std::vector<std::string_view> fields;
    for (const absl::string_view field : absl::StrSplit(line, ',')) fields.emplace_back(field.data(), field.size());
    if (fields.size() != kColumns) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": expected ", kColumns, " fields, got ", fields.size()));
    }
    FlightRow row;
    const size_t bad = ReadRow(fields, &row);
    if (bad < kColumns) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": ", header[bad], ": expected a number, got `", std::string(fields[bad]), "`"));
    }
    if (!flights.rows.empty() && row.seconds < flights.rows.back().seconds) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": seconds: expected ascending times, got ", row.seconds));
    }
    flights.rows.push_back(std::move(row));
  }
  if (flights.rows.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": holds no flight"));
  return flights;
}

}  // namespace driftserve
