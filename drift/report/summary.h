#pragma once

#include <string>
#include <vector>

#include "drift/report/report.h"

namespace drift {

/// How near a feature is to its alert threshold: the largest value ÷ alert threshold of its measures; 0 where none.
double AlertRatio(const FeatureResult& feature);

/// The features of `role`, worst first: drifted, warning, then by AlertRatio, those not ready last.
std::vector<const FeatureResult*> WorstFirst(const ViewResult& view, Role role);

/// The measure of a feature; null where it has none.
const MeasureResult* Find(const FeatureResult& feature, Measure measure);

/// One sentence that says what holds, and one that says why or what follows. Plain text.
struct Verdict {
  std::string sentence, detail;
};
Verdict VerdictOf(const ReportInput& input);

}  // namespace drift
