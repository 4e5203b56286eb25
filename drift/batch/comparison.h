#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/batch/row_counter.h"
#include "drift/batch/row_source.h"
#include "drift/builder.h"
#include "drift/evaluation.h"
#include "drift/monitor.h"
#include "drift/reference.h"

namespace drift {

struct ComparisonSettings {
  EvaluatorSettings evaluator;    // as for a server; a batch is judged once, at thresholds.alpha
  size_t appeared_categories = 20;  // of each feature, at most
  /// The rows that the reference was made of, so that KS and Wasserstein are exact where the rows of the batch all
  /// weigh the same and are not too many (CurrentSamples); null: those between the cells.
  std::shared_ptr<const SortedSamples> reference_samples;
  std::function<void(double done, uint64_t rows)> progress;  // after every batch; done below 0: not known; may be empty
};

/// What came of comparing a batch of rows with a reference.
struct ComparedBatch {
  Evaluation evaluation;  // its warnings include the source's
  DataSide current;       // with the hash of the values
  std::vector<HistoryPoint> history;  // PSI over stretches of the batch; empty where rows carry no time
  std::map<std::string, std::vector<AppearedCategory>> appeared;
};

/// Reads the source to its end and judges its rows once, in blocks (statistics.md §3). But for
/// CurrentSamples, the memory does not grow with the rows. Errors are the source's, and: no rows at all (INVALID_ARGUMENT).
absl::StatusOr<ComparedBatch> CompareBatch(std::shared_ptr<const Reference> reference, RowSource& source,
                                           const ComparisonSettings& settings);

/// PSI over time: at most 60 stretches of the batch, each with rows enough to say something; a feature that is not
/// ready in a stretch has NaN there.
std::vector<HistoryPoint> PsiCourse(const Blocks& blocks, const ThresholdSettings& thresholds);

}  // namespace drift
