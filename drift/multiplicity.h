#ifndef DRIFT_MULTIPLICITY_H_
#define DRIFT_MULTIPLICITY_H_

#include <span>
#include <vector>

#include "drift/monitor.h"

namespace drift {

// Adjusted p-values of one family, in the order given, each in [0, 1] and at least the plain one: reject where
// adjusted ≤ α. Benjamini–Hochberg (1995) bounds the false discovery rate, Holm (1979) and Bonferroni the chance
// of any false alarm.
std::vector<double> Adjust(std::span<const double> p_values, Multiplicity rule);

}  // namespace drift

#endif  // DRIFT_MULTIPLICITY_H_
