#include "server/sample/sampling_rule.h"

#include <cmath>
#include <limits>
#include <utility>

#include "server/base/hash.h"

namespace driftserve {
namespace {

// rate · 2^64, rounded to nearest. Any finite double below 1 gives at most 2^64 − 2^11, so that the largest number is
// free to mean "every row". NaN and negative rates keep nothing.
uint64_t Threshold(double rate) {
  if (rate >= 1.0) return std::numeric_limits<uint64_t>::max();
  if (!(rate > 0.0)) return 0;
  return static_cast<uint64_t>(std::nearbyint(std::ldexp(rate, 64)));
}

}  // namespace

SamplingRule::SamplingRule(std::vector<StratumRate> strata, double default_rate, uint64_t seed, uint32_t version)
    : seed_(seed), version_(version) {
  strata_.reserve(strata.size() + 1);
  strata_.push_back({kDefaultStratum, default_rate});
  for (StratumRate& listed : strata) {
    if (listed.name == kDefaultStratum) {
      strata_[0].rate = listed.rate;
    } else if (index_.emplace(listed.name, static_cast<int>(strata_.size())).second) {
      strata_.push_back(std::move(listed));
    }
  }
  thresholds_.reserve(strata_.size());
  for (const StratumRate& stratum : strata_) thresholds_.push_back(Threshold(stratum.rate));
}

int SamplingRule::StratumOf(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? 0 : found->second;
}

bool SamplingRule::Keep(uint64_t key, uint32_t row, int stratum) const {
  const uint64_t threshold = thresholds_[stratum];
  // The ends need no hash, and a hash equal to the largest number must not escape a rate of 1.
  if (threshold == 0) return false;
  if (threshold == std::numeric_limits<uint64_t>::max()) return true;
  return Hash64(key, row, seed_) < threshold;
}

uint64_t SequenceKey(uint64_t boot_id, uint64_t sequence) { return Hash64(boot_id, sequence, 0); }

uint64_t RequestIdKey(std::string_view request_id) { return Hash64(request_id, 0); }

}  // namespace driftserve
