#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// What was compared with what: sources, hashes, rows, times, weights, tolerances and the program. HTML.
std::string DataSection(const ReportInput& input);

}  // namespace drift
