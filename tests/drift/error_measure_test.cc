#include "drift/error_measure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace drift {
namespace {

constexpr Value kLate = Value::Double(1), kInTime = Value::Double(0);

TEST(ErrorMeasureTest, LogLossIsClippedAndWantsAProbability) {
  const auto loss = [](double p, Value label) { return MeasureError(ErrorMeasure::kLogLoss, Value::Double(p), label); };
  EXPECT_NEAR(*loss(0.8, kLate), -std::log(0.8), 1e-15);
  EXPECT_NEAR(*loss(0.8, kInTime), -std::log(0.2), 1e-15);
  EXPECT_NEAR(*loss(0.8, Value::Bool(true)), -std::log(0.8), 1e-15);
  EXPECT_NEAR(*loss(0.0, kLate), LargestError(ErrorMeasure::kLogLoss), 1e-12);
  EXPECT_GT(*loss(1.0, kLate), 0);
  EXPECT_FALSE(loss(1.5, kLate));
  EXPECT_FALSE(loss(0.5, Value::Double(2)));
  EXPECT_FALSE(loss(0.5, Value::Text("1")));
  EXPECT_FALSE(loss(std::nan(""), kLate));
}

TEST(ErrorMeasureTest, DistancesWantTwoFiniteNumbers) {
  EXPECT_EQ(MeasureError(ErrorMeasure::kAbsoluteError, Value::Double(3), Value::Int64(-1)), 4);
  EXPECT_EQ(MeasureError(ErrorMeasure::kSquaredError, Value::Double(3), Value::Int64(-1)), 16);
  EXPECT_FALSE(MeasureError(ErrorMeasure::kSquaredError, Value::Double(1e300), Value::Double(-1e300)));
  EXPECT_FALSE(MeasureError(ErrorMeasure::kAbsoluteError, Value::Missing(), Value::Double(1)));
  EXPECT_FALSE(MeasureError(ErrorMeasure::kAbsoluteError, Value::Double(std::numeric_limits<double>::infinity()),
                            Value::Double(1)));
}

TEST(ErrorMeasureTest, ZeroOneComparesClassesAndCutsProbabilitiesAtAHalf) {
  const auto wrong = [](Value prediction, Value label) {
    return MeasureError(ErrorMeasure::kZeroOne, prediction, label);
  };
  EXPECT_EQ(wrong(Value::Text("cat"), Value::Text("cat")), 0);
  EXPECT_EQ(wrong(Value::Text("cat"), Value::Text("dog")), 1);
  EXPECT_EQ(wrong(Value::Int64(7), Value::Double(7)), 0);
  EXPECT_EQ(wrong(Value::Int64(7), Value::Double(8)), 1);
  EXPECT_EQ(wrong(Value::Double(0.5), kLate), 0);
  EXPECT_EQ(wrong(Value::Double(0.5), kInTime), 1);
  EXPECT_EQ(wrong(Value::Double(0.49), kInTime), 0);
  EXPECT_FALSE(wrong(Value::Double(0.5), Value::Double(3)));
  EXPECT_FALSE(wrong(Value::Text("cat"), Value::Double(1)));
}

}  // namespace
}  // namespace drift
