#ifndef DRIFT_REFERENCE_H_
#define DRIFT_REFERENCE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/dtype.h"
#include "drift/error.h"

namespace drift {

enum class Role : std::uint8_t { kFeature, kPrediction, kLabel };
enum class Kind : std::uint8_t { kNumeric, kCategorical };
std::string_view Name(Role role);
std::string_view Name(Kind kind);

// What one feature looked like in training: counts over cells (statistics.md §1). Plain data; the cells' order:
//   numeric:     cell b holds keys in (upper_edges[b-1], upper_edges[b]], first and last open-ended; then MISSING.
//                A cell whose edges are one apart is a singleton. cell_counts has upper_edges.size() + 2 entries.
//   categorical: one cell per category, then OTHER, UNSEEN, MISSING; cell_counts has categories.size() + 3
//                entries, UNSEEN's is the number of values seen exactly once, already taken out of OTHER.
struct FeatureReference {
  std::string name;
  Role role = Role::kFeature;
  Kind kind = Kind::kNumeric;
  Dtype dtype = Dtype::kFloat32;

  std::vector<std::uint64_t> upper_edges;    // numeric: strictly increasing keys (dtype.h)
  std::vector<std::string> categories;       // categorical: raw bytes, or KeyToText() of a number
  std::vector<std::uint64_t> known_hashes;   // categorical: sorted hashes of every value seen but not kept
  bool unseen_joins_other = false;           // categorical: too many values to tell OTHER from UNSEEN apart
  std::vector<std::uint64_t> cell_counts;    // sums to the rows of the reference, MISSING included

  double effective_rows = 0;  // m_eff of a training file in time order; 0: use the rows
  double mean = 0, standard_deviation = 0, minimum = 0, maximum = 0;  // numeric, non-missing rows; 0 if none
  std::string reduction;  // what each value is of a wide row, as Describe() says: "mean of image"; empty: itself
};

// The same features counted within one stratum, over the same cells.
struct StratumReference {
  std::string name;
  std::uint64_t rows = 0;
  std::vector<std::vector<std::uint64_t>> cell_counts;  // [feature][cell]
};

// The reference profile of one model version: immutable once built or loaded, shared by const pointer.
struct Reference {
  int schema_version = 1;
  std::string model_name, model_version;
  std::int64_t created_ns = 0;  // unix time
  std::uint64_t rows = 0;       // m
  std::int64_t cycle_ns = 0;    // the declared cycle of the traffic, 0: none
  std::string hash;             // ContentHash(), 32 hexadecimal digits
  std::vector<FeatureReference> features;  // features first, then predictions, then labels
  std::vector<StratumReference> strata;    // may be empty: then every stratum is compared with the whole
};

// A hash of everything in the reference but `hash` itself; equal on every platform.
std::string ContentHash(const Reference& reference);

// Whether the parts fit together (sizes, order of edges, sums of counts). A file is checked with it when loaded.
std::optional<Error> CheckReference(const Reference& reference);

// The reference without the features, predictions and labels that `keeps` refuses. The hash stays the whole one's.
Reference PartOf(Reference reference, const std::function<bool(const FeatureReference&)>& keeps);

}  // namespace drift

#endif  // DRIFT_REFERENCE_H_
