#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drift/concept_monitor.h"
#include "drift/evaluator.h"
#include "drift/profile/monitor_settings.h"
#include "drift/window.h"
#include "server/observe/label_table.h"
#include "server/sample/watched_model.h"
#include "server/tap/label_inbox.h"
#include "server/tap/sample.h"

namespace driftserve {

/// The labels of one watched model version: sampled predictions wait here for them, and what is joined goes into a
/// drift window of its own and to the detectors of concept drift. Used by the observer thread.
///
/// The label window is as long as the drift window and the time limit together, since a prediction's label may come as
/// late as that: in it, but for the newest predictions, every label has come that will. Its rows have the time of their
/// predictions, and no count of rows seen beside them: what a label stands for is 1/π of its prediction.
class LabelWatch {
 public:
  /// REQUIRES: monitor.labels. `reference` may lack the label: then its drift is not watched.
  LabelWatch(WatchedModel* model, const drift::Reference& reference, const drift::MonitorSettings& monitor,
             std::vector<std::string> strata, const EarlyLabelLimits& early, int64_t now_ns);

  /// A kept row of a request. Its label may have come before it.
  void TakePrediction(const Sample& sample, const KeptRow& row, const drift::Value& prediction);

  /// Whether the prediction that this is the label of is here.
  bool Knows(const ReportedLabel& label) const { return table_.Has(label.request_id, label.row); }
  void TakeLabel(const ReportedLabel& label, int64_t received_ns);

  void Advance(int64_t now_ns);

  /// Adds the label's drift, the concept's, and what changed.
  void Evaluate(int64_t now_ns, drift::Evaluation& evaluation);

  /// Null where the reference has no label.
  const drift::Reference* reference() const { return reference_.get(); }
  const LabelTable& table() const { return table_; }

 private:
  void MakeWindow(int64_t now_ns);
  LabelOutcome Take(const WaitingPrediction& prediction, const LabelTable::Label& label);
  void EvaluateWindow(int64_t now_ns, drift::Evaluation& evaluation);

  WatchedModel* const model_;
  const drift::LabelSettings settings_;
  const std::vector<std::string> strata_;
  drift::WindowSettings window_settings_;
  std::shared_ptr<const drift::Reference> reference_;  // of the label alone
  std::unique_ptr<drift::Window> window_;
  std::unique_ptr<drift::Evaluator> evaluator_;
  drift::ConceptMonitor monitor_;
  LabelTable table_;
  int64_t latest_ns_ = 0;  // the latest time that was told
};

}  // namespace driftserve
