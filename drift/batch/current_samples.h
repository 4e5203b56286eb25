#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "drift/builder.h"
#include "drift/monitor.h"
#include "drift/reference.h"
#include "drift/sample_distance.h"

namespace drift {

/// Keeps the keys of a batch's numeric columns beside those of the reference, so that distances are those of the rows
/// themselves. Gives up, and frees what it holds, where the rows become too many. Single-threaded.
class CurrentSamples {
 public:
  /// Values of all features together that are kept at most, 8 bytes each.
  static constexpr size_t kMostValues = 4'000'000;

  /// `reference`: null where its rows are not at hand; then nothing is ever kept.
  CurrentSamples(std::shared_ptr<const Reference> profile, std::shared_ptr<const SortedSamples> reference);

  bool wants(size_t feature) const { return !kept_.empty() && !(*reference_)[feature].empty(); }
  /// The keys of further rows. `missing`: the places in `keys`, in order, of rows without a value.
  void Add(size_t feature, std::span<const uint64_t> keys, std::span<const size_t> missing);
  /// For rows that do not all weigh the same, of which no exact distance is known.
  void GiveUp();

  /// By feature; nothing where the cells tell the values apart. Empty after GiveUp() and without a reference. Frees the
  /// keys. `settings` say which features' Wasserstein distance is wanted.
  std::vector<std::optional<SampleDistance>> Distances(const EvaluatorSettings& settings);

 private:
  const std::shared_ptr<const Reference> profile_;
  const std::shared_ptr<const SortedSamples> reference_;
  SortedSamples kept_;  // in order of rows
  size_t values_ = 0;
};

}  // namespace drift
