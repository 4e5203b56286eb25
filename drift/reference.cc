#include "drift/reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <set>

#include "drift/category_table.h"

namespace drift {
namespace {

// Two independent 64-bit lanes (FNV-1a with different starts, then mixed): not against an adversary, only so that
// two profiles are never taken for one another.
class Hasher {
 public:
  void Bytes(std::string_view bytes) {
    Number(bytes.size());
    for (const char c : bytes) Step(static_cast<unsigned char>(c));
  }
  void Number(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) Step(static_cast<unsigned char>(value >> (8 * i)));
  }
  void Real(double value) { Number(std::bit_cast<std::uint64_t>(value)); }
  void Numbers(const std::vector<std::uint64_t>& values) {
    Number(values.size());
    for (const std::uint64_t value : values) Number(value);
  }

  std::string Hex() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const std::uint64_t lane : {HashKey(low_), HashKey(high_)}) {
      for (int shift = 60; shift >= 0; shift -= 4) text.push_back(kDigits[(lane >> shift) & 15]);
    }
    return text;
  }

 private:
  void Step(unsigned char byte) {
    low_ = (low_ ^ byte) * 0x100000001b3ull;
    high_ = (std::rotl(high_, 29) ^ byte) * 0x9e3779b97f4a7c15ull;
  }

  std::uint64_t low_ = 0xcbf29ce484222325ull;
  std::uint64_t high_ = 0x84222325cbf29ce4ull;
};

void HashFeature(const FeatureReference& feature, Hasher& hasher) {
  hasher.Bytes(feature.name);
  hasher.Number(static_cast<std::uint64_t>(feature.role));
  hasher.Number(static_cast<std::uint64_t>(feature.kind));
  hasher.Number(static_cast<std::uint64_t>(feature.dtype));
  hasher.Numbers(feature.upper_edges);
  hasher.Number(feature.categories.size());
  for (const std::string& category : feature.categories) hasher.Bytes(category);
  hasher.Numbers(feature.known_hashes);
  hasher.Number(feature.unseen_joins_other ? 1 : 0);
  hasher.Numbers(feature.cell_counts);
  for (const double value : {feature.effective_rows, feature.mean, feature.standard_deviation, feature.minimum,
                             feature.maximum}) {
    hasher.Real(value);
  }
  if (!feature.reduction.empty()) hasher.Bytes(feature.reduction);
}

Error Fault(const FeatureReference& feature, const std::string& what) {
  return Error{"reference: feature '" + feature.name + "': " + what};
}

std::optional<Error> CheckCells(const FeatureReference& feature) {
  const bool numeric = feature.kind == Kind::kNumeric;
  const std::size_t expected = numeric ? feature.upper_edges.size() + 2 : feature.categories.size() + 3;
  if (feature.cell_counts.size() != expected) {
    return Fault(feature, "expected " + std::to_string(expected) + " cell counts, got " +
                              std::to_string(feature.cell_counts.size()));
  }
  if (numeric && feature.dtype == Dtype::kText) return Fault(feature, "numeric, but its dtype is BYTES");
  if (!std::is_sorted(feature.upper_edges.begin(), feature.upper_edges.end(), std::less_equal<>())) {
    return Fault(feature, "the edges of the cells are not strictly increasing");
  }
  if (!std::is_sorted(feature.known_hashes.begin(), feature.known_hashes.end())) {
    return Fault(feature, "the hashes of the known categories are not sorted");
  }
  std::set<std::string_view> names;
  for (const std::string& category : feature.categories) {
    if (!names.insert(category).second) return Fault(feature, "category '" + category + "' comes twice");
    if (feature.dtype != Dtype::kText && !KeyFromText(category, feature.dtype)) {
      return Fault(feature, "category '" + category + "' is not a value of " + std::string(Name(feature.dtype)));
    }
  }
  return std::nullopt;
}

// The sum, or nothing where it would overflow.
std::optional<std::uint64_t> Sum(const std::vector<std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) {
    if (count > ~std::uint64_t{0} - sum) return std::nullopt;
    sum += count;
  }
  return sum;
}

std::optional<Error> CheckFeature(const FeatureReference& feature, std::uint64_t rows) {
  if (auto error = CheckCells(feature)) return error;
  const std::optional<std::uint64_t> sum = Sum(feature.cell_counts);
  if (sum != rows) {
    return Fault(feature, "its cell counts sum to " + (sum ? std::to_string(*sum) : "more than 64 bits") +
                              ", the reference has " + std::to_string(rows) + " rows");
  }
  for (const double value : {feature.effective_rows, feature.mean, feature.standard_deviation, feature.minimum,
                             feature.maximum}) {
    if (!std::isfinite(value)) return Fault(feature, "a summary figure is not finite");
  }
  if (feature.effective_rows < 0) return Fault(feature, "effective_rows is negative");
  return std::nullopt;
}

}  // namespace

std::string ContentHash(const Reference& reference) {
  Hasher hasher;
  hasher.Number(static_cast<std::uint64_t>(reference.schema_version));
  hasher.Bytes(reference.model_name);
  hasher.Bytes(reference.model_version);
  hasher.Number(static_cast<std::uint64_t>(reference.created_ns));
  hasher.Number(reference.rows);
  hasher.Number(static_cast<std::uint64_t>(reference.cycle_ns));
  hasher.Number(reference.features.size());
  for (const FeatureReference& feature : reference.features) HashFeature(feature, hasher);
  hasher.Number(reference.strata.size());
  for (const StratumReference& stratum : reference.strata) {
    hasher.Bytes(stratum.name);
    hasher.Number(stratum.rows);
    for (const auto& counts : stratum.cell_counts) hasher.Numbers(counts);
  }
  return hasher.Hex();
}

std::optional<Error> CheckReference(const Reference& reference) {
  if (reference.schema_version != 1) {
    return Error{"reference: schema_version: expected 1, got " + std::to_string(reference.schema_version)};
  }
  if (reference.rows == 0) return Error{"reference: rows: expected at least 1, got 0"};
  if (reference.cycle_ns < 0) return Error{"reference: cycle_ns: expected 0 or more"};
  std::set<std::string_view> names;
  for (const FeatureReference& feature : reference.features) {
    if (!names.insert(feature.name).second) return Fault(feature, "its name comes twice");
    if (auto error = CheckFeature(feature, reference.rows)) return error;
  }
  for (const StratumReference& stratum : reference.strata) {
    if (stratum.cell_counts.size() != reference.features.size()) {
      return Error{"reference: stratum '" + stratum.name + "': expected counts of every feature"};
    }
    for (std::size_t f = 0; f < stratum.cell_counts.size(); ++f) {
      const FeatureReference& feature = reference.features[f];
      if (stratum.cell_counts[f].size() != feature.cell_counts.size() || Sum(stratum.cell_counts[f]) != stratum.rows) {
        return Fault(feature, "the counts of stratum '" + stratum.name + "' do not fit its cells or rows");
      }
    }
  }
  return std::nullopt;
}

Reference PartOf(Reference reference, const std::function<bool(const FeatureReference&)>& keeps) {
  std::size_t kept = 0;
  for (std::size_t f = 0; f < reference.features.size(); ++f) {
    if (!keeps(reference.features[f])) continue;
    std::swap(reference.features[kept], reference.features[f]);
    for (StratumReference& stratum : reference.strata) std::swap(stratum.cell_counts[kept], stratum.cell_counts[f]);
    ++kept;
  }
  reference.features.resize(kept);
  for (StratumReference& stratum : reference.strata) stratum.cell_counts.resize(kept);
  return reference;
}

}  // namespace drift
