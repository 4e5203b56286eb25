#pragma once

#include <string>
#include <vector>

#include "drift/evaluation.h"
#include "server/metrics/families.h"
#include "server/observe/snapshot.h"

namespace driftserve {

/// The families of one role: model_feature_…{feature}, model_prediction_…{output} or model_label_…{label}.
class RoleFamilies {
 public:
  explicit RoleFamilies(drift::Role role);

  /// One feature of the population view. `model`: name and version.
  void AddPopulation(const MetricLabels& model, const drift::FeatureResult& feature);
  /// One feature of one stratum's view: values only.
  void AddStratum(const MetricLabels& model, const std::string& stratum, const drift::FeatureResult& feature);

  void MoveTo(std::vector<prometheus::MetricFamily>& families);

 private:
  void AddMeasure(const MetricLabels& feature, const drift::MeasureResult& measure);

  const char* const label_;
  FamilyBuilder drift_, threshold_, p_value_, state_, bias_corrected_, stratum_drift_, effective_samples_,
      design_effect_, missing_ratio_;
};

/// What a fleet adds up: rows per stratum, observations per bin, and the reference's shares of the same bins.
class AdditiveFamilies {
 public:
  AdditiveFamilies();

  void Add(const MetricLabels& model, const ModelSnapshot& snapshot);
  void MoveTo(std::vector<prometheus::MetricFamily>& families);

 private:
  void AddRows(const MetricLabels& model, const ModelSnapshot& snapshot);
  void AddBins(const MetricLabels& model, const ModelSnapshot& snapshot);
  void AddReference(const MetricLabels& model, const drift::Evaluation& evaluation);

  FamilyBuilder rows_, bins_, reference_ratio_;
};

/// Where a stratum stands in the order of the sampling rule; beyond all where it is not in it.
size_t StratumIndex(const ModelSnapshot& snapshot, const std::string& stratum);

/// A stratum's label: its name, or "other" from the 65th on. `index` in the order of the sampling rule.
inline constexpr size_t kStratumLabels = 64;
const std::string& StratumLabel(const std::string& name, size_t index);

/// A bin's label: its number, so that labels sort as the bins do and are distinct, and its text: "03 (10, 12.5]".
std::string BinLabel(size_t index, const std::string& text);

}  // namespace driftserve
