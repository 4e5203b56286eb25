#ifndef DRIFT_REFERENCE_SUMS_H_
#define DRIFT_REFERENCE_SUMS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "drift/layout.h"

namespace drift {

// Counts of a feature's cells in the reference that a view is compared with.
struct ReferenceCounts {
  std::span<const std::uint64_t> cells;  // MISSING last
  double rows = 0;                       // m
  double effective_rows = 0;             // m_eff, or m
};

// The same, summed up as the estimators need it; made once, it serves every evaluation. Counts are below 2⁵³, so that
// doubles hold them exactly.
struct ReferenceSums {
  ReferenceSums() = default;
  ReferenceSums(const FeatureLayout& layout, const ReferenceCounts& reference);

  double rows = 0, effective_rows = 0;  // m, and m_eff or m
  double present = 0;                   // rows with a value
  std::vector<double> shares;           // of the rows in every PSI bin; empty without rows
  std::vector<double> below;            // numeric: rows up to the upper end of every cell; MISSING is left out
};

}  // namespace drift

#endif  // DRIFT_REFERENCE_SUMS_H_
