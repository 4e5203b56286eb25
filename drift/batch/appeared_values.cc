#include "drift/batch/appeared_values.h"

#include <algorithm>

namespace drift {

void AppearedValues::Add(std::string_view value, double weight) {
  value = value.substr(0, kLongestValue);
  const auto found = weights_.find(value);
  if (found != weights_.end()) {
    found->second += weight;
    return;
  }
  weights_.emplace(value, weight);
  if (weights_.size() > 2 * kKept) Shrink();
}

/// Takes the weight of the first value that is not kept from all, and drops those of which nothing is left.
void AppearedValues::Shrink() {
  std::vector<double> weights;
  weights.reserve(weights_.size());
  for (const auto& [value, weight] : weights_) weights.push_back(weight);
  std::nth_element(weights.begin(), weights.begin() + kKept, weights.end(), std::greater<>());
  const double taken = weights[kKept];
  for (auto at = weights_.begin(); at != weights_.end();) {
    at->second -= taken;
    at = at->second > 0 ? std::next(at) : weights_.erase(at);
  }
}

std::vector<AppearedCategory> AppearedValues::Largest(size_t most, double whole) const {
  std::vector<AppearedCategory> largest;
  for (const auto& [value, weight] : weights_) largest.push_back({value, whole > 0 ? weight / whole : 0});
  std::sort(largest.begin(), largest.end(), [](const AppearedCategory& a, const AppearedCategory& b) {
    return a.share != b.share ? a.share > b.share : a.value < b.value;
  });
  if (largest.size() > most) largest.resize(most);
  return largest;
}

}  // namespace drift
