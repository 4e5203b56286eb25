#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drift/report/report.h"

namespace drift {

/// A measure as a number, a bar that grows towards its alert threshold, and a sentence about it. HTML.
std::string MeasureMeter(const MeasureResult& measure);

/// The course of a feature's PSI as inline SVG, with its thresholds as lines; empty below two points.
std::string PsiCourse(const std::vector<HistoryPoint>& history, std::size_t feature, const MeasureResult* now);

}  // namespace drift
