#ifndef DRIFTSERVE_TESTS_DRIFT_SIMULATION_H_
#define DRIFTSERVE_TESTS_DRIFT_SIMULATION_H_

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "drift/builder.h"
#include "drift/window.h"

namespace drift::testing {

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::uint64_t kFirstSeed = 7000;  // of the replications of a simulation

// A small generator with a fixed stream per seed on every platform (SplitMix64), unlike the standard distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  double Uniform() { return static_cast<double>(Bits() >> 11) * 0x1p-53; }
  std::uint64_t Below(std::uint64_t bound) { return Bits() % bound; }
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(1 - Uniform()));
    return radius * std::cos(6.283185307179586 * Uniform());
  }

 private:
  std::uint64_t state_;
};

// Replications of a simulation: `full`, unless DRIFT_TEST_REPLICATIONS asks for fewer (sanitizer builds are slow).
// Bounds on sizes are asserted at the full count only.
inline int Replications(int full) {
  const char* text = std::getenv("DRIFT_TEST_REPLICATIONS");
  const int asked = text == nullptr ? full : std::atoi(text);
  return asked > 0 && asked < full ? asked : full;
}

inline std::shared_ptr<const Reference> MakeReference(const std::vector<ColumnSpec>& columns,
                                                      const std::vector<std::vector<Value>>& rows,
                                                      BuilderSettings settings = {}) {
  ReferenceBuilder builder(settings, columns);
  for (const auto& row : rows) {
    if (builder.Add(row)) return nullptr;
  }
  const Result<Reference> built = builder.Build();
  return built.ok() ? std::make_shared<const Reference>(built.value()) : nullptr;
}

// One numeric feature "x" in double.
inline ColumnSpec NumericColumn(std::string name = "x", Dtype dtype = Dtype::kFloat64) {
  return {std::move(name), Role::kFeature, dtype, Kind::kNumeric};
}

inline std::shared_ptr<const Reference> NumericReference(const std::vector<double>& values, int cells = 1000) {
  std::vector<std::vector<Value>> rows;
  for (const double value : values) rows.push_back({Value::Double(value)});
  BuilderSettings settings;
  settings.cells = cells;
  return MakeReference({NumericColumn()}, rows, settings);
}

// One stratum, every row kept, too few panes for a measured covariance: a plain sample.
inline Window PlainWindow(const std::vector<double>& reference, const std::vector<double>& current, int cells,
                          bool rank_cells) {
  BuilderSettings settings;
  settings.cells = cells;
  settings.always_rank_cells = rank_cells;
  std::vector<std::vector<Value>> rows;
  for (const double value : reference) rows.push_back({Value::Double(value)});
  Window window(MakeReference({NumericColumn()}, rows, settings), {"all"}, {kHour, 2, std::size_t{1} << 30});
  for (const double value : current) {
    const Value row[] = {Value::Double(value)};
    window.CountSeen(0, 0, 1);
    if (!window.Add(0, 0, 1.0, 1, row)) std::abort();
  }
  return window;
}

}  // namespace drift::testing

#endif  // DRIFTSERVE_TESTS_DRIFT_SIMULATION_H_
