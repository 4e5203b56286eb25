#ifndef DRIFT_READINESS_H_
#define DRIFT_READINESS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "drift/monitor.h"

namespace drift {

// The effective samples that a PSI over `bins` bins needs before it says anything at level ψ0 = psi_warn:
// max(5B, or 10B above 20 bins, 1/(ψ0/χ²_{B−1,1−α} − 1/m)). nullopt: no number would do, the reference of m
// (effective) rows is too small itself. With psi_warn = 0 only the first figure counts.
std::optional<double> NeededSamples(std::size_t bins, const ThresholdSettings& thresholds, double reference_rows);

// The rows above which a reference over `bins` bins is large enough: χ²_{B−1,1−α}/ψ0.
double NeededReferenceRows(std::size_t bins, const ThresholdSettings& thresholds);

// Empty when ready; else what there is and what is needed.
std::string WhyNotReady(double samples, std::size_t bins, double reference_rows, const ThresholdSettings& thresholds);

}  // namespace drift

#endif  // DRIFT_READINESS_H_
