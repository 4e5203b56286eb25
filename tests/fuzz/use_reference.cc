#include "tests/fuzz/use_reference.h"

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "drift/evaluator.h"
#include "drift/layout.h"
#include "drift/window.h"
#include "tests/fuzz/require.h"

namespace drift {
namespace {

using driftserve::Require;

const Value kValues[] = {Value::Missing(),
                         Value::Double(-0.0),
                         Value::Double(1e308),
                         Value::Double(std::nan("")),
                         Value::Double(-std::numeric_limits<double>::infinity()),
                         Value::Int64(std::numeric_limits<int64_t>::min()),
                         Value::Uint64(~uint64_t{0}),
                         Value::Bool(true),
                         Value::Text("UA"),
                         Value::Text("")};

void UseLayout(const FeatureLayout& feature) {
  for (const Value& value : kValues) {
    const auto cell = feature.CellOf(value);
    if (!cell) continue;
    Require(*cell < feature.cells(), "a cell of the feature");
    Require(feature.bin_of(*cell) < feature.bins(), "a bin of the feature");
  }
  for (uint32_t bin = 0; bin < feature.bins(); ++bin) Require(!feature.BinLabel(bin).str().empty(), "a label of the bin");
}

}  // namespace

void UseReference(Reference parsed) {
  const auto reference = std::make_shared<const Reference>(std::move(parsed));
  Window window(reference, {"default", "UA"}, WindowSettings{1'000'000'000, 10, 1 << 20});
  std::vector<Value> row;
  for (size_t f = 0; f < window.layout().features(); ++f) {
    UseLayout(window.layout().feature(f));
    row.push_back(reference->features[f].dtype == Dtype::kText ? Value::Text("UA") : Value::Bool(true));
  }
  for (int64_t i = 0; i < 60; ++i) {
    window.CountSeen(i * 10'000'000, 0, 1);
    window.Add(i * 10'000'000, 0, 0.5, 1, row);
  }
  Evaluator evaluator(reference, {}, 0);
  const Evaluation evaluation = evaluator.Evaluate(window, 600'000'000);
  for (const FeatureResult& feature : evaluation.population.features) {
    Require(std::isfinite(feature.effective_samples) && std::isfinite(feature.design_effect), "finite samples");
    for (const MeasureResult& measure : feature.measures) Require(std::isfinite(measure.value), "a finite measure");
  }
}

}  // namespace drift
