#ifndef DRIFTSERVE_TESTS_DRIFT_WATCHED_MODEL_H_
#define DRIFTSERVE_TESTS_DRIFT_WATCHED_MODEL_H_

#include <memory>
#include <string>
#include <vector>

#include "drift/window.h"
#include "tests/drift/simulation.h"

namespace drift::testing {

// A model of `features` normal FP32 features at 1000 cells each, profiled on so many rows.
inline std::shared_ptr<const Reference> WatchedModel(int features, int reference_rows = 20'000) {
  std::vector<ColumnSpec> columns;
  for (int f = 0; f < features; ++f) columns.push_back(NumericColumn("f" + std::to_string(f), Dtype::kFloat32));
  ReferenceBuilder builder({}, columns);
  Random random(1);
  std::vector<Value> row(columns.size());
  for (int i = 0; i < reference_rows; ++i) {
    for (Value& value : row) value = Value::Double(random.Normal());
    if (builder.Add(row)) std::abort();
  }
  return std::make_shared<const Reference>(builder.Build().value());
}

// `count` rows of such a model's traffic.
inline std::vector<std::vector<Value>> Traffic(int features, int count) {
  Random random(2);
  std::vector<std::vector<Value>> rows(static_cast<std::size_t>(count));
  for (auto& row : rows) {
    for (int f = 0; f < features; ++f) row.push_back(Value::Double(static_cast<float>(random.Normal())));
  }
  return rows;
}

}  // namespace drift::testing

#endif  // DRIFTSERVE_TESTS_DRIFT_WATCHED_MODEL_H_
