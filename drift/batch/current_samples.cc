#include "drift/batch/current_samples.h"

#include <algorithm>
#include <utility>

#include "drift/evaluator.h"
#include "drift/sorted_keys.h"

namespace drift {

CurrentSamples::CurrentSamples(std::shared_ptr<const Reference> profile, std::shared_ptr<const SortedSamples> reference)
    : profile_(std::move(profile)), reference_(std::move(reference)) {
  if (reference_ != nullptr) kept_.resize(reference_->size());
}

void CurrentSamples::Add(size_t feature, std::span<const uint64_t> keys, std::span<const size_t> missing) {
  if (!wants(feature)) return;
  std::vector<uint64_t>& kept = kept_[feature];
  size_t next = 0;
  for (const size_t row : missing) {
    kept.insert(kept.end(), keys.begin() + static_cast<ptrdiff_t>(next), keys.begin() + static_cast<ptrdiff_t>(row));
    next = row + 1;
  }
  kept.insert(kept.end(), keys.begin() + static_cast<ptrdiff_t>(next), keys.end());
  values_ += keys.size() - missing.size();
  if (values_ > kMostValues) GiveUp();
}

void CurrentSamples::GiveUp() { SortedSamples().swap(kept_); }

std::vector<std::optional<SampleDistance>> CurrentSamples::Distances(const EvaluatorSettings& settings) {
  std::vector<std::optional<SampleDistance>> distances(kept_.size());
  for (size_t f = 0; f < kept_.size(); ++f) {
    if (!wants(f)) continue;
    std::vector<uint64_t> current = std::move(kept_[f]);
    const FeatureReference& feature = profile_->features[f];
    const std::vector<uint64_t>& reference = (*reference_)[f];
    SortKeys(current, LowestKeyBit(feature.dtype));
    distances[f] = MeasureSamples(reference, current);
    const std::vector<Measure>& measures = MeasuresOf(settings, feature.name);
    if (std::find(measures.begin(), measures.end(), Measure::kWasserstein) == measures.end()) continue;
    distances[f]->wasserstein =
        WassersteinOfSamples(reference, current, KeyKindOf(feature.dtype), feature.standard_deviation);
  }
  GiveUp();
  return distances;
}

}  // namespace drift
