#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "drift/dtype.h"
#include "drift/table/table_reader.h"
#include "drift/value.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace drift {

/// The value that is wrong: its place in the array and what is wrong with it.
struct ValueFault {
  int64_t index;
  std::string what;
};

/// Replaces `values` by those of `array`. Texts are views into the array. Dates and times become whole numbers of their
/// unit. Nothing on success.
std::optional<ValueFault> ReadValues(const arrow::Array& array, ColumnType type, std::vector<Value>& values);

/// Whether every text of `array` that is not missing reads as a number. False for arrays of other types.
bool AllNumbers(const arrow::Array& array);

/// The inference protocol's type nearest to Arrow's; nothing for types without values of ours.
std::optional<Dtype> StoredType(const arrow::DataType& type);

/// Dates, times of day, timestamps and durations.
bool IsTime(const arrow::DataType& type);

/// A number as people write it: integer, decimal, with an exponent; true and false; blanks around it are skipped.
std::optional<Value> NumberFromText(std::string_view text);

}  // namespace drift
