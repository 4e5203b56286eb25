#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// Every feature, prediction and label as one line, worst first, each linked to its card; empty up to eight of them,
/// which a reader has in sight anyway. HTML.
std::string OverviewTable(const ReportInput& input);

}  // namespace drift
