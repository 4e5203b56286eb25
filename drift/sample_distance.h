#ifndef DRIFT_SAMPLE_DISTANCE_H_
#define DRIFT_SAMPLE_DISTANCE_H_

#include <cstdint>
#include <optional>
#include <span>

#include "drift/dtype.h"
#include "drift/ks.h"

namespace drift {

// Distances of two plain samples, every row of which weighs the same, between the values themselves: exact whatever
// the cells are.
struct SampleDistance {
  ExactDistance ks;
  // ∫ |F − G|, in standard deviations of the reference; 0 where that is 0. Empty where it was not asked for.
  std::optional<double> wasserstein;
};

// `reference`, `current`: keys of one feature, sorted (sorted_keys.h). Linear in both. MeasureSamples() leaves
// Wasserstein out.
SampleDistance MeasureSamples(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current);
double WassersteinOfSamples(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current,
                            KeyKind kind, double standard_deviation);

}  // namespace drift

#endif  // DRIFT_SAMPLE_DISTANCE_H_
