#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "drift/profile/monitor_settings.h"
#include "drift/reduction.h"
#include "drift/value.h"
#include "server/observe/sample_reader.h"
#include "server/sample/watched_model.h"

namespace driftserve {

/// The watched values of a kept row: elements of its tensors, and what wide rows are reduced to. A tensor's row is
/// widened to doubles once for all reductions of it, into a buffer that is kept from row to row. Used by one thread.
class RowValues {
 public:
  /// `monitor` says which of the model's features and predictions are reductions.
  RowValues(const WatchedModelSettings& settings, const drift::MonitorSettings& monitor);

  /// One value per feature, then one per prediction, in the order of the settings. Valid until the next call; texts
  /// are views into the sample.
  absl::Span<const drift::Value> Read(SampleReader& reader, uint32_t position);

 private:
  struct Source {
    FeatureBinding binding;
    bool prediction;
    drift::ReduceSpec reduce;
    size_t row;  // in rows_, of a reduction
  };
  struct WideRow {
    bool prediction;
    int tensor;
    std::optional<RowKind> kind;  // of the row in hand; unset: not read yet
    std::vector<double> elements;
  };

  void Add(const std::vector<FeatureBinding>& bindings, const std::vector<drift::FeatureSpec>& specs, bool prediction);
  size_t RowOf(bool prediction, int tensor);
  drift::Value Reduce(const Source& source, SampleReader& reader, uint32_t position);

  const bool batches_;
  std::vector<Source> sources_;
  std::vector<WideRow> rows_;
  std::vector<drift::Value> values_;
  drift::Reducer reducer_;
};

}  // namespace driftserve
