#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// A measure as a number, a bar that grows towards its alert threshold, and a sentence about it. HTML.
std::string MeasureMeter(const MeasureResult& measure);

}  // namespace drift
