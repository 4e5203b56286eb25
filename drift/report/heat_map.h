#pragma once

#include <cstddef>
#include <string>

#include "drift/report/report.h"

namespace drift {

/// Strata beyond these are counted and not shown: those with the most rows stay. A block is one table, as wide as
/// paper.
inline constexpr std::size_t kHeatStrata = 64, kHeatBlock = 16;

/// PSI of every feature in every stratum (the leading measure where there is no PSI), as a number and a colour relative
/// to its thresholds; a drifted or warned one is marked beside. Empty without strata. HTML.
std::string HeatMap(const Evaluation& evaluation);

}  // namespace drift
