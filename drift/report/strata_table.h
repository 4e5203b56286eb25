#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// PSI (KS where there is no PSI) of every feature in every stratum, coloured by state; empty without strata. HTML.
std::string StrataTable(const Evaluation& evaluation);

}  // namespace drift
