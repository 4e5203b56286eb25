#pragma once

#include "drift/tool/comparison_run.h"

namespace drift {

/// `drift report`: compares and writes the files that were asked for; without any, prints the table of `drift check`.
/// kDone whatever was found, or kBadInput.
int RunReport(const ComparisonOptions& options, const Console& console);

}  // namespace drift
