#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace driftserve {

/// The rate of one stratum. `rate` in [0, 1].
struct StratumRate {
  std::string name;
  double rate;
};

/// Name of stratum 0.
inline constexpr char kDefaultStratum[] = "default";

/// Which rows of a model are kept: strata, rates and the decision. Immutable; thread-safe.
///
/// Stratum 0 is the default stratum ("default"), for rows whose stratum value is missing or not listed; a listed
/// stratum of that name sets its rate. Of a name listed twice the first counts. At most 64 listed strata; names beyond
/// are refused by the configuration.
///
/// The decision for a row: keep iff XXH64(key, row; seed) < rate · 2^64. It depends on nothing but its arguments, so
/// the rows kept at a rate are kept at every higher rate too. A rate of 0 keeps no row, a rate of 1 every row.
class SamplingRule {
 public:
  /// `version` tells this rule from earlier ones of the same model; `seed` is the model's.
  SamplingRule(std::vector<StratumRate> strata, double default_rate, uint64_t seed, uint32_t version);

  /// Index of the stratum called `name`; 0 where it is not listed.
  int StratumOf(std::string_view name) const;

  /// `key`: the hash of what identifies the request (its sequence or its id); `row`: the row's number in it.
  bool Keep(uint64_t key, uint32_t row, int stratum) const;

  size_t stratum_count() const { return strata_.size(); }
  const StratumRate& stratum(int index) const { return strata_[index]; }
  uint64_t seed() const { return seed_; }
  uint32_t version() const { return version_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::vector<StratumRate> strata_;
  std::vector<uint64_t> thresholds_;  // rate · 2^64, saturated: the largest number keeps every row
  std::unordered_map<std::string, int, Hash, std::equal_to<>> index_;
  uint64_t seed_;
  uint32_t version_;
};

/// What `key` of SamplingRule::Keep is. For SamplingKey::kSequence: XXH64 of the 16 bytes {boot id, sequence}, seed 0.
uint64_t SequenceKey(uint64_t boot_id, uint64_t sequence);

/// For SamplingKey::kRequestId: XXH64 of the request id's bytes, seed 0.
uint64_t RequestIdKey(std::string_view request_id);

}  // namespace driftserve
