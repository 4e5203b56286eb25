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

/// The measure that speaks for a feature: PSI, unless another one alone has made the feature's state. Null where it has
/// none.
const MeasureResult* Leading(const FeatureResult& feature);

/// The same feature in another view; null where that view does not have it.
const FeatureResult* FindFeature(const ViewResult& view, const FeatureResult& like);

/// What the reference says of a feature; null where there is none.
const FeatureReference* ReferenceOf(const ReportInput& input, const FeatureResult& feature);

/// What a measure is called by people: "PSI", "KS distance", ….
std::string MeasureTitle(Measure measure);

/// How many features of one role there are, by what can be said of them.
struct Counts {
  int all = 0, ready = 0, drifted = 0, warning = 0;
};
Counts Count(const ViewResult& view, Role role);

/// A feature that drifted within one stratum and not over all traffic.
struct HiddenDrift {
  const ViewResult* view;
  const FeatureResult* feature;
};
std::vector<HiddenDrift> HiddenInStrata(const Evaluation& evaluation);  // worst first

}  // namespace drift
