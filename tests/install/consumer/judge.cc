// A reference, a window of traffic that has moved by one standard deviation, and a verdict: prints PSI and state.
#include <drift/builder.h>
#include <drift/evaluator.h>
#include <drift/window.h>

#include <cstdio>
#include <memory>
#include <random>

int main() {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  drift::ReferenceBuilder builder({}, {{"temp", drift::Role::kFeature, drift::Dtype::kFloat64, drift::Kind::kNumeric}});
  for (int i = 0; i < 10'000; ++i) {
    const drift::Value row[] = {drift::Value::Double(normal(random))};
    if (builder.Add(row)) return 1;
  }
  drift::Result<drift::Reference> made = builder.Build();
  if (!made.ok()) return 1;
  const auto reference = std::make_shared<const drift::Reference>(std::move(made).value());

  drift::Window window(reference, {"all"}, {});
  const double rates[] = {1.0};
  window.SetRates(0, rates, 1);
  for (int i = 0; i < 5'000; ++i) {
    window.CountSeen(0, 0, 1);
    const drift::Value row[] = {drift::Value::Double(normal(random) + 1)};
    window.Add(0, 0, 1.0, 1, row);
  }
  drift::EvaluatorSettings settings;
  settings.decision.observation_period_ns = 0;
  settings.decision.debounce_hits = settings.decision.debounce_of = 1;
  drift::Evaluator evaluator(reference, settings, 0);
  const drift::FeatureResult feature = evaluator.Evaluate(window, 0).population.features.at(0);
  for (const drift::MeasureResult& result : feature.measures) {
    if (result.measure == drift::Measure::kPsi) {
      std::printf("%s psi %.3f %s\n", feature.name.c_str(), result.value, drift::Name(feature.state).data());
    }
  }
}
