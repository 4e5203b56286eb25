#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/report/report.h"
#include "drift/value.h"

namespace drift {

/// A run of rows of the current side of a comparison. Views are valid until the source's next call of Next().
struct RowBatch {
  size_t rows = 0;
  std::vector<std::vector<Value>> values;       // [feature][row], in the reference's order
  std::vector<int64_t> times_ns;                // Unix; empty: the rows carry no time
  std::vector<std::string_view> strata;         // empty: no strata
  std::vector<double> inclusion_probabilities;  // (0, 1]; empty: every row was kept
};

/// Rows to be compared with a reference: files (drift/table) or a Kafka topic (drift/topic). Single-threaded.
class RowSource {
 public:
  virtual ~RowSource() = default;

  /// The next rows, at least one; nullptr after the last. After an error only destruction is allowed; errors name file
  /// or topic, column and row or offset.
  virtual absl::StatusOr<const RowBatch*> Next() = 0;

  /// Where a row of the last batch stands, for messages: "week.csv: row 17".
  virtual std::string RowName(size_t row) const { return "row " + std::to_string(row + 1) + " of its batch"; }

  /// How much was read, 0 to 1; below 0: not known.
  virtual double progress() const = 0;

  /// What was read so far, for the report: names, rows, times.
  virtual DataSide side() const = 0;

  /// What was skipped and why, for people: "12 records of another model were skipped".
  virtual std::vector<std::string> warnings() const { return {}; }
};

}  // namespace drift
