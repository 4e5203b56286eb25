#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/drift_report/synthetic.h"

namespace drift::synthetic {

/// A comparison of two files, with everything a report can show: a category that appeared, strata, a shift within one
/// stratum only, a warming and a constant feature, predictions, labels, and quality that fell.
std::unique_ptr<Model> KeptReport();

/// Quality of the last twelve days, worse since the ninth where `fell`.
ConceptResult Quality(bool fell);

/// Fifty features in sixteen strata.
std::unique_ptr<Model> Large();

/// A stratum for each of `count`, all like the whole, the last ones with few rows.
void AddStrata(Model& model, int count);

/// Names of features, categories, strata and sources that want to be markup, control a terminal, or are no UTF-8.
std::unique_ptr<Model> Hostile();

/// Every model that a report must be able to show, with the name of its files.
struct Sample {
  std::string name;
  std::unique_ptr<Model> model;
};
std::vector<Sample> Samples();

}  // namespace drift::synthetic
