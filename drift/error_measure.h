#ifndef DRIFT_ERROR_MEASURE_H_
#define DRIFT_ERROR_MEASURE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "drift/value.h"

namespace drift {

// How wrong one prediction was, given its label.
enum class ErrorMeasure : std::uint8_t { kLogLoss, kAbsoluteError, kSquaredError, kZeroOne };
std::string_view Name(ErrorMeasure measure);  // "log_loss", "absolute_error", "squared_error", "zero_one"

// A probability nearer to 0 or 1 counts as this near, so that one confident mistake is not infinitely wrong.
inline constexpr double kLeastProbability = 1e-6;

// The error, finite and ≥ 0; empty where the two cannot be compared:
//   log_loss        −ln of the probability that was given to what happened; prediction in 0 to 1, label 0, 1 or a bool
//   absolute_error  |prediction − label|, squared_error its square; two finite numbers
//   zero_one        1 where they differ. Text against text and integer against number: by equality. A floating number
//                   is a probability and against 0, 1 or a bool counts as 1 from 0.5 on.
std::optional<double> MeasureError(ErrorMeasure measure, const Value& prediction, const Value& label);

// The largest error of a probability against 0 or 1.
double LargestError(ErrorMeasure measure);

}  // namespace drift

#endif  // DRIFT_ERROR_MEASURE_H_
