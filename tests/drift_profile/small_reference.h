#pragma once

#include <string>

#include "drift/builder.h"

namespace drift {

using namespace std::string_literals;

/// A reference of five kinds of columns over `rows` rows in two strata, the same on every call: floats with gaps,
/// negative numbers, integers beyond 2^53, texts with rare ones and zero bytes, and booleans.
inline Reference SmallReference(int rows = 3000) {
  BuilderSettings settings;
  settings.model_name = "m";
  settings.model_version = "3";
  settings.created_ns = 1'700'000'000'000'000'000;
  settings.cycle_ns = 86'400'000'000'000;
  settings.time_ordered = true;
  ReferenceBuilder builder(settings, {{"temperature", Role::kFeature, Dtype::kFloat32, Kind::kNumeric},
                                      {"number", Role::kFeature, Dtype::kInt64, Kind::kNumeric},
                                      {"carrier", Role::kFeature, Dtype::kText, Kind::kCategorical},
                                      {"flag", Role::kFeature, Dtype::kBool, std::nullopt},
                                      {"score", Role::kPrediction, Dtype::kFloat64, Kind::kNumeric, "mean of y"}});
  for (int row = 0; row < rows; ++row) {
    const std::string rare = "rare\0"s + std::to_string(row);
    const std::string carrier = row % 100 == 7 ? rare : row % 3 == 0 ? "UA" : "DL";
    const Value values[] = {row % 10 == 0 ? Value::Missing() : Value::Double((row * 37 % 1009) / 7.0 - 40),
                            Value::Int64((int64_t{1} << 53) + row % 700 * (row % 2 == 0 ? 1 : -1)),
                            Value::Text(carrier), Value::Bool(row % 4 == 0), Value::Double((row * 13 % 997) / 997.0)};
    (void)builder.Add(values, row % 3 == 0 ? "UA" : "DL");
  }
  return builder.Build().value();
}

}  // namespace drift
