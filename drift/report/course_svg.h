#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drift/report/report.h"

namespace drift {

/// The course of a feature's PSI over the evaluations so far as inline SVG, with its thresholds of now as lines and a
/// sentence below; empty below two points. `name`: of the feature, raw bytes.
std::string PsiCourse(const std::vector<HistoryPoint>& history, std::size_t feature, const std::string& name,
                      const MeasureResult* now);

}  // namespace drift
