#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// The course of a feature's PSI as inline SVG, with its thresholds of now as lines and a sentence below; empty below
/// two points. Its points are evaluations so far, or of a comparison the parts in which its rows were looked at.
/// REQUIRES: `feature` is one of `input.evaluation`'s own.
std::string PsiCourse(const ReportInput& input, const FeatureResult& feature);

}  // namespace drift
