#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// Lines and columns that a summary keeps within: an e-mail's body, read on a telephone too.
inline constexpr int kSummaryLines = 25, kSummaryColumns = 78;

/// A report as plain text for an e-mail: the verdict, the worst features with their figures, strata, predictions,
/// labels and quality, rows and times, and where to look next. UTF-8 without control characters; ends with a line feed.
std::string RenderSummary(const ReportInput& input);

}  // namespace drift
