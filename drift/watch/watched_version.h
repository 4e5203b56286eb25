#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "drift/evaluation.h"
#include "drift/evaluator.h"
#include "drift/layout.h"
#include "drift/profile/monitor_settings.h"
#include "drift/window.h"
#include "driftserve/v1/record.pb.h"
#include "drift/topic/record_row.h"

namespace drift {

/// Rows of one stratum under one sampling rule that this member was the first to take; each number only grows.
struct StratumTotals {
  uint64_t rows = 0;
  double represented = 0;      // Σ 1/π: the rows answered, as estimated
  std::vector<uint64_t> bins;  // Layout's total_bins()
};
/// By {version of the rule, index of the stratum}.
using Totals = std::map<std::pair<uint32_t, int>, StratumTotals>;

/// One model version in the hands of one member of the group: a window per partition, so that a partition can be given
/// away with its rows and no others. Judged are the rows of all of them together.
///
/// Totals grow when rows are committed, not when they come: rows that another member will take again are never counted
/// twice. The windows hold what was read, committed or not. Single-threaded.
class WatchedVersion {
 public:
  /// Rule versions × strata that are counted apart; what comes beyond joins another rule of its stratum.
  static constexpr size_t kMostTotals = 1024;
  /// Stratum of records whose own is not known here.
  static constexpr char kOtherStratum[] = "other";

  /// `monitor` may be null: then strata are those of the reference, and everything else is at its default.
  WatchedVersion(const Reference& reference, const MonitorSettings* monitor, int64_t created_ns);

  const Reference& reference() const { return *reference_; }
  const std::shared_ptr<const Reference>& shared_reference() const { return reference_; }
  const Layout& layout() const { return *layout_; }
  const MonitorSettings& settings() const { return settings_; }
  const std::vector<std::string>& strata() const { return strata_; }  // "default" first, kOtherStratum among them
  /// Features that the records do not hold as they were: dropped or hashed by monitor.yaml, and labels.
  const std::vector<std::string>& left_out() const { return left_out_; }

  /// One record of this version. `counted`: nobody took it before. A Skip where it cannot be compared.
  std::optional<Skip> Add(int32_t partition, bool counted, const driftserve::v1::Record& record);
  /// What was taken of the partition is committed, or never will be by this member.
  void Commit(int32_t partition);
  void Discard(int32_t partition);
  /// The partition goes: so do its rows.
  void Drop(int32_t partition) { partitions_.erase(partition); }

  Evaluation Evaluate(int64_t now_ns);
  const Totals& totals() const { return totals_; }
  WindowCounters counters() const { return counters_; }
  uint64_t other_stratum_rows() const { return other_stratum_rows_; }

 private:
  struct Partition {
    Window window;
    Totals pending;
    WindowCounters pending_counters;
  };

  Partition& PartitionOf(int32_t number);
  int StratumOf(const std::string& name);
  void CountBins(uint32_t rule, int stratum, double probability, Totals& totals) const;

  std::vector<std::string> left_out_;
  const std::shared_ptr<const Reference> reference_;
  const std::shared_ptr<const Layout> layout_;
  MonitorSettings settings_;
  std::vector<std::string> strata_;
  std::map<std::string, int> stratum_index_;
  RecordRow rows_;
  Evaluator evaluator_;
  std::map<int32_t, Partition> partitions_;
  Totals totals_;
  WindowCounters counters_;
  uint64_t other_stratum_rows_ = 0;
  std::vector<Value> values_;  // of the row in hand
};

}  // namespace drift
