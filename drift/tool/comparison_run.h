#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/batch/comparison.h"
#include "drift/report/report.h"
#include "drift/tool/console.h"
#include "drift/tool/reference_data.h"

namespace drift {

/// What only --current kafka://… takes.
struct TopicOptions {
  std::string since, to;  // points, in place of the address's own
  std::vector<std::string> kafka_config;  // property=value
  int64_t timeout_ms = 15'000;
  bool any() const { return !since.empty() || !to.empty() || !kafka_config.empty(); }
};

/// What `drift report` and `drift check` have in common: the two sides, and files to write.
struct ComparisonOptions {
  ReferenceOptions reference;
  std::vector<std::string> current;  // files, patterns, or one kafka:// address
  std::string time_column, stratum_column, probability_column, weight_column;
  TopicOptions topic;
  std::string html, json, evidently_json, summary;  // files; "-": standard output; empty: not written
  bool quiet = false;
};

/// A finished comparison. `input` has views into the rest.
struct FinishedComparison {
  OpenedReference reference;
  ComparedBatch batch;
  ReportInput input;
};

/// Reads and judges both sides, with a bar of progress.
absl::StatusOr<std::unique_ptr<FinishedComparison>> RunComparison(ComparisonOptions options, const Console& console);

/// Adds the reports that were asked for.
void AddReports(const FinishedComparison& finished, const ComparisonOptions& options, Outputs& outputs);

}  // namespace drift
