#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/evaluator.h"
#include "drift/profile/monitor_settings.h"
#include "drift/window.h"
#include "server/observe/label_watch.h"
#include "server/observe/record_builder.h"
#include "server/observe/row_values.h"
#include "server/observe/sample_reader.h"
#include "server/observe/snapshot.h"
#include "server/sample/watched_model.h"

namespace driftserve {

/// One watched model version on the observer's side: its window, its evaluator and what its snapshots remember.
/// Used by the observer thread. Retired, it only knows how to make records of samples that are still on their way.
class ModelWatch {
 public:
  static constexpr size_t kHistoryPoints = 240;

  /// `early`: of labels, where monitor.yaml declares them. `now_ns`: Unix, the start of the observation period.
  ModelWatch(std::shared_ptr<WatchedModel> model, std::shared_ptr<const drift::Reference> reference,
             const drift::MonitorSettings& monitor, RecordOrigin origin, const EarlyLabelLimits& early, int64_t now_ns);

  const WatchedModel* model() const { return model_.get(); }
  bool Is(const std::string& name, const std::string& version) const;
  bool retired() const { return window_ == nullptr; }
  /// Nobody else has the model, and every kept row was taken: no sample of it waits, and none can come.
  bool unreachable() const;
  void Retire();

  /// Names in the reference for which the model has no value: they count as missing.
  const std::vector<std::string>& unbound() const { return unbound_; }
  const RecordBuilder& records() const { return records_; }

  /// Windows one kept row and makes its record. `reader` reads `sample`.
  OutgoingRecord Take(const Sample& sample, const KeptRow& row, SampleReader& reader, uint64_t seq);
  void CountRepeatedId() { ++repeated_ids_; }

  /// Null where monitor.yaml declares no labels, and once retired.
  LabelWatch* labels() const { return labels_.get(); }

  /// Takes over the rates in force, and what the serving threads counted since the last call.
  void CollectCounts(int64_t now_ns);

  /// Whether an evaluation is due, and then when the next one is. `monotonic_ns` now.
  bool TakeTurn(int64_t monotonic_ns);
  std::shared_ptr<const ModelSnapshot> Evaluate(int64_t now_ns);

 private:
  void MakeWindow(int64_t now_ns);
  void WatchLabels(const EarlyLabelLimits& early, int64_t now_ns);
  void StateRates(int64_t now_ns);
  void Bind();
  std::vector<BinCounts> CountBins() const;
  std::vector<drift::CumulativeCounts> WithCurrentRule(std::vector<drift::CumulativeCounts> all) const;
  void Remember(const drift::Evaluation& evaluation);

  const std::shared_ptr<WatchedModel> model_;
  const std::shared_ptr<const drift::Reference> whole_reference_;
  const std::shared_ptr<const drift::Reference> reference_;  // without labels, which have a window of their own
  const drift::MonitorSettings monitor_;
  RecordBuilder records_;
  std::vector<int> value_of_feature_;  // per feature of the reference: its place in values_; −1: none
  std::vector<std::string> unbound_;
  std::vector<std::string> strata_;

  std::unique_ptr<drift::Window> window_;
  std::unique_ptr<drift::Evaluator> evaluator_;
  std::unique_ptr<LabelWatch> labels_;
  int label_prediction_ = -1;  // place among the values of the prediction that labels are the truth of; −1: none
  int64_t window_now_ns_ = 0;  // the latest time the window was moved to
  std::vector<uint64_t> dropped_;  // per stratum, as last collected
  std::vector<double> rates_;
  std::optional<int64_t> next_turn_ns_;
  uint64_t taken_rows_ = 0;  // since the model was loaded
  uint64_t repeated_ids_ = 0;
  uint64_t window_resets_ = 0;
  std::deque<ModelSnapshot::Point> history_;
  RowValues values_;
  std::vector<drift::Value> window_values_;  // of the row in hand
};

}  // namespace driftserve
