#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// Concept drift: the error over time with the detectors' alarms, what each detector says, and how many labels came and
/// how late. Empty where no labels are declared. HTML.
std::string QualitySection(const Evaluation& evaluation);

/// What a detector is called by people, as HTML.
std::string DetectorTitle(const std::string& detector);

/// The error of each span of time and the labels it rests on as inline SVG, alarms as vertical lines; empty below two
/// spans.
std::string QualitySvg(const ConceptResult& quality, std::int64_t now_ns);

}  // namespace drift
