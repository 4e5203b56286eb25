#pragma once

#include <vector>

#include "drift/evaluation.h"
#include "server/metrics/families.h"
#include "server/observe/snapshot.h"
#include "server/tap/label_inbox.h"

namespace driftserve {

/// Labels and concept drift: model_concept_…, model_label_join_ratio, model_label_lag_seconds,
/// model_prediction_error and its standard error, and driftserve_labels_total. What is not known is absent.
class ConceptFamilies {
 public:
  ConceptFamilies();

  /// One model version; nothing where its monitor.yaml declares no labels.
  void Add(const MetricLabels& model, const ModelSnapshot& snapshot);
  /// Labels that belong to no model.
  void AddUnclaimed(const LabelInbox& inbox);

  void MoveTo(std::vector<prometheus::MetricFamily>& families);

 private:
  void AddDetector(const MetricLabels& model, const drift::DetectorResult& detector);
  void AddTable(const MetricLabels& model, const ModelSnapshot& snapshot);

  FamilyBuilder drift_, threshold_, state_, alarms_, join_ratio_, lag_, error_, standard_error_, predictions_,
      waiting_, labels_;
};

}  // namespace driftserve
