#include "drift/error_measure.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace drift {
namespace {

// The finite number behind a number or a bool.
std::optional<double> NumberOf(const Value& value) {
  switch (value.type()) {
    case Value::Type::kDouble:
      return std::isfinite(value.as_double()) ? std::optional(value.as_double()) : std::nullopt;
    case Value::Type::kInt64: return static_cast<double>(value.as_int64());
    case Value::Type::kUint64: return static_cast<double>(value.as_uint64());
    case Value::Type::kBool: return value.as_bool() ? 1 : 0;
    case Value::Type::kText:
    case Value::Type::kMissing: break;
  }
  return std::nullopt;
}

bool IsBinary(double label) { return label == 0 || label == 1; }

std::optional<double> LogLoss(double probability, double label) {
  if (probability < 0 || probability > 1 || !IsBinary(label)) return std::nullopt;
  const double of_what_happened = label == 1 ? probability : 1 - probability;
  return -std::log(std::clamp(of_what_happened, kLeastProbability, 1 - kLeastProbability));
}

std::optional<double> ZeroOne(const Value& prediction, const Value& label) {
  const bool texts = prediction.type() == Value::Type::kText && label.type() == Value::Type::kText;
  if (texts) return prediction.as_text() == label.as_text() ? 0 : 1;
  const std::optional<double> predicted = NumberOf(prediction), truth = NumberOf(label);
  if (!predicted || !truth) return std::nullopt;
  if (prediction.type() != Value::Type::kDouble) return *predicted == *truth ? 0 : 1;
  if (!IsBinary(*truth)) return std::nullopt;
  return (*predicted >= 0.5) == (*truth == 1) ? 0 : 1;
}

}  // namespace

std::string_view Name(ErrorMeasure measure) {
  constexpr std::array<std::string_view, 4> kNames = {"log_loss", "absolute_error", "squared_error", "zero_one"};
  return kNames[static_cast<std::size_t>(measure)];
}

std::optional<double> MeasureError(ErrorMeasure measure, const Value& prediction, const Value& label) {
  if (measure == ErrorMeasure::kZeroOne) return ZeroOne(prediction, label);
  const std::optional<double> predicted = NumberOf(prediction), truth = NumberOf(label);
  if (!predicted || !truth) return std::nullopt;
  if (measure == ErrorMeasure::kLogLoss) return LogLoss(*predicted, *truth);
  const double distance = std::fabs(*predicted - *truth);
  const double error = measure == ErrorMeasure::kAbsoluteError ? distance : distance * distance;
  return std::isfinite(error) ? std::optional(error) : std::nullopt;
}

double LargestError(ErrorMeasure measure) {
  return measure == ErrorMeasure::kLogLoss ? -std::log(kLeastProbability) : 1;
}

}  // namespace drift
