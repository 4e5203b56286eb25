// What the drift library costs (statistics.md §7).

#include <benchmark/benchmark.h>

#include <algorithm>

#ifdef DRIFTSERVE_BENCH_KLL
#include <kll_sketch.hpp>
#endif

#include "drift/evaluator.h"
#include "tests/drift/watched_model.h"

namespace drift::testing {
namespace {

constexpr int kFeatures = 50, kRows = 2000;

const std::shared_ptr<const Reference>& Model() {
  static const auto model = WatchedModel(kFeatures);
  return model;
}

// Rows that fit the cache, so that it is not the reading of the benchmark's own rows that is measured.
constexpr int kRepeated = 100;

std::vector<double> Numbers() {
  Random random(3);
  std::vector<double> numbers;
  for (int i = 0; i < 100'000; ++i) numbers.push_back(static_cast<float>(random.Normal()));
  return numbers;
}

void PerValue(::benchmark::State& state, std::int64_t values) {
  state.counters["ns_per_value"] =
      ::benchmark::Counter(static_cast<double>(state.iterations() * values),
                           ::benchmark::Counter::kIsRate | ::benchmark::Counter::kInvert);
}

// Rows of so many values into a window, all that Add does, in panes of a minute and 1000 rows.
void ValueIntoWindow(::benchmark::State& state) {
  const int features = static_cast<int>(state.range(0));
  const auto rows = Traffic(features, kRepeated);
  Window window(WatchedModel(features), {"all"}, {});
  std::int64_t time = 0;
  for (auto _ : state) {
    for (const auto& row : rows) {
      if (!window.Add(time, 0, 1.0, 1, row)) std::abort();
      time += kMinute / 1000;
    }
  }
  PerValue(state, features * kRepeated);
}
BENCHMARK(ValueIntoWindow)->Arg(1)->Arg(10)->Arg(50);

// The cell of a value alone: rounding to the dtype, key, search among 1000 edges.
void CellOfValue(::benchmark::State& state) {
  const FeatureLayout layout(Model()->features[0]);
  const std::vector<double> numbers = Numbers();
  for (auto _ : state) {
    std::uint32_t sum = 0;
    for (const double number : numbers) sum += *layout.CellOf(Value::Double(number));
    ::benchmark::DoNotOptimize(sum);
  }
  PerValue(state, static_cast<std::int64_t>(numbers.size()));
}
BENCHMARK(CellOfValue);

void UpperBound(::benchmark::State& state) {
  const FeatureLayout layout(Model()->features[0]);
  std::vector<double> edges;
  for (std::uint32_t cell = 0; cell + 1 < layout.missing_cell(); ++cell) edges.push_back(layout.upper_end(cell));
  const std::vector<double> numbers = Numbers();
  for (auto _ : state) {
    std::ptrdiff_t sum = 0;
    for (const double number : numbers) sum += std::upper_bound(edges.begin(), edges.end(), number) - edges.begin();
    ::benchmark::DoNotOptimize(sum);
  }
  PerValue(state, static_cast<std::int64_t>(numbers.size()));
}
BENCHMARK(UpperBound);

#ifdef DRIFTSERVE_BENCH_KLL
void KllUpdate(::benchmark::State& state) {
  const std::vector<double> numbers = Numbers();
  datasketches::kll_sketch<double> sketch;  // k = 200, its default
  for (auto _ : state) {
    for (const double number : numbers) sketch.update(number);
  }
  ::benchmark::DoNotOptimize(sketch.get_n());
  PerValue(state, static_cast<std::int64_t>(numbers.size()));
}
BENCHMARK(KllUpdate);
#endif

// 50 features × 4 strata × 1000 cells, an hour of panes: population and every stratum, both tests with p-values.
void OneEvaluation(::benchmark::State& state) {
  const auto rows = Traffic(kFeatures, kRows);
  Window window(Model(), {"a", "b", "c", "d"}, {});
  const double rates[] = {1.0, 0.5, 0.2, 0.1};
  window.SetRates(0, rates, 1);
  constexpr int kKept = 60 * 400;
  for (int i = 0; i < kKept; ++i) {
    const int stratum = i % 4;
    const std::int64_t time = kHour / kKept * i;
    window.CountSeen(time, stratum, stratum == 0 ? 1 : stratum == 1 ? 2 : stratum == 2 ? 5 : 10);
    if (!window.Add(time, stratum, rates[stratum], 1, rows[static_cast<std::size_t>(i) % rows.size()])) std::abort();
  }
  EvaluatorSettings settings;
  settings.decision.observation_period_ns = 0;
  Evaluator evaluator(Model(), settings, 0);
  for (auto _ : state) {
    Evaluation evaluation = evaluator.Evaluate(window, kHour - 1);
    if (!evaluation.strata.at(3).features.at(49).ready) std::abort();
    ::benchmark::DoNotOptimize(evaluation);
  }
}
BENCHMARK(OneEvaluation)->Unit(::benchmark::kMillisecond);

// The largest window at the defaults: every pane of every stratum with dense counts.
void LargestWindow(::benchmark::State& state) {
  const auto rows = Traffic(kFeatures, kRows);
  std::size_t bytes = 0;
  std::uint64_t coarsenings = 0;
  for (auto _ : state) {
    Window window(Model(), {"a", "b", "c", "d"}, {});
    for (int i = 0; i < 60 * 4 * 2200; ++i) {
      const std::int64_t time = kHour / (60 * 4 * 2200) * i;
      if (!window.Add(time, i % 4, 1.0, 1, rows[static_cast<std::size_t>(i) % rows.size()])) std::abort();
    }
    bytes = window.bytes();
    coarsenings = window.counters().coarsenings;
  }
  state.counters["MiB"] = static_cast<double>(bytes) / (1 << 20);
  state.counters["coarsenings"] = static_cast<double>(coarsenings);
}
BENCHMARK(LargestWindow)->Iterations(1)->Unit(::benchmark::kMillisecond);

}  // namespace
}  // namespace drift::testing

BENCHMARK_MAIN();
