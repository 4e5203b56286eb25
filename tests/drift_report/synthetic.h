#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "drift/report/report.h"

namespace drift::synthetic {

/// A numeric feature whose reference is normal around `center`, and whose traffic has moved by `shift` standard
/// deviations (σ = `spread`), cut at the reference's deciles. PSI and KS are computed from these shares.
struct NumericShape {
  std::string name;
  double center = 0, spread = 1, shift = 0;
  double missing = 0, reference_missing = 0;
};
FeatureResult Numeric(const NumericShape& shape);

/// A category with the given shares; MISSING is appended with share 0.
FeatureResult Categorical(const std::string& name, const std::vector<std::string>& labels,
                          const std::vector<double>& reference, const std::vector<double>& current);

/// A feature that waits for rows.
FeatureResult Warming(const std::string& name, const std::string& reason);

/// PSI of the bins' shares, a share below 1e-4 counting as that.
double PsiOf(const std::vector<Bin>& bins);

/// Sets measures and states from the bins, with thresholds as for `samples` effective samples.
void Judge(FeatureResult& feature, double samples);

/// A whole model: reference, evaluation and history, and the input that views them. `drifted`: some features moved;
/// otherwise all is stable.
struct Model {
  Reference reference;
  Evaluation evaluation;
  ReportInput input;
};
std::unique_ptr<Model> Flights(bool drifted);

}  // namespace drift::synthetic
