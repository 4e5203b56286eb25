#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/batch/history.h"
#include "drift/evaluation.h"
#include "drift/monitor.h"
#include "drift/reference.h"

namespace drift {

/// One chunk as it would have been judged.
struct JudgedChunk {
  int64_t start_ns = 0;
  uint64_t rows = 0;
  Evaluation evaluation;
  std::optional<double> error;  // weighted mean; empty without a labelled row
  uint64_t labelled_rows = 0;
};

/// How often a measure of a feature would have fired.
struct Firing {
  std::string feature;
  Measure measure = Measure::kPsi;
  size_t judged = 0;                     // chunks in which it was ready
  size_t over_warn = 0, over_alert = 0;  // its own thresholds at alpha, without regard to other features
  size_t warned = 0, drifted = 0;        // states `warning` or worse, and `drifted`
};

struct Backtest {
  std::vector<JudgedChunk> chunks;  // oldest first
  std::vector<Firing> firings;      // by feature in the reference's order, PSI before KS
};

/// Judges every chunk on its own, as a batch (statistics.md §6). Takes the counts away chunk by chunk.
Backtest JudgeHistory(const std::shared_ptr<const Reference>& reference, const EvaluatorSettings& settings,
                      History& history);

}  // namespace drift
