#include "drift/batch/history.h"

#include "drift/batch/cell_columns.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

/// Adds the errors of rows [begin, end).
absl::Status AddErrors(const RowBatch& batch, const TableSource& source, ErrorMeasure measure, size_t begin, size_t end,
                       HistoryChunk& chunk) {
  const std::vector<Value>&predictions = source.more()[0], &labels = source.more()[1];
  for (size_t i = begin; i < end; ++i) {
    if (predictions[i].missing() || labels[i].missing()) continue;
    const auto error = MeasureError(measure, predictions[i], labels[i]);
    if (!error) {
      return absl::InvalidArgumentError(Concat(source.RowName(i), ": its prediction and label have no ", Name(measure),
                                               ": expected two of its kind"));
    }
    const double weight = batch.inclusion_probabilities.empty() ? 1 : 1 / batch.inclusion_probabilities[i];
    chunk.error_sum += weight * *error;
    chunk.error_weight += weight;
    ++chunk.labelled_rows;
  }
  return absl::OkStatus();
}

/// Splits a batch into runs of one chunk each.
absl::Status AddBatch(const std::shared_ptr<const Layout>& layout, const RowBatch& batch, const CellColumns& columns,
                      const TableSource& source, const HistoryOptions& options, History& history) {
  for (size_t begin = 0, end = 0; begin < batch.rows; begin = end) {
    const int64_t start = options.chunking.StartOf(batch.times_ns[begin]);
    const int64_t next = options.chunking.EndOf(start);
    while (end < batch.rows && batch.times_ns[end] >= start && batch.times_ns[end] < next) ++end;
    std::unique_ptr<HistoryChunk>& chunk = history.chunks[start];
    if (chunk == nullptr) chunk = std::make_unique<HistoryChunk>(layout);
    if (history.chunks.size() > HistoryOptions::kMostChunks) {
      return absl::InvalidArgumentError(Concat("more than ", HistoryOptions::kMostChunks, " chunks of ",
                                               options.chunking.text(), ": choose longer ones with --chunk"));
    }
    chunk->counter.Add(batch, columns.cells(), begin, end);
    if (!options.error) continue;
    const absl::Status status = AddErrors(batch, source, *options.error, begin, end, *chunk);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<History> CountHistory(const std::shared_ptr<const Layout>& layout, TableSource& source,
                                     const HistoryOptions& options) {
  History history;
  CellColumns columns(layout);
  while (true) {
    const auto batch = source.Next();
    if (!batch.ok()) return batch.status();
    if (*batch == nullptr) break;
    absl::Status status = columns.Convert(**batch, source);
    if (status.ok()) status = AddBatch(layout, **batch, columns, source, options, history);
    if (!status.ok()) return status;
    if (options.progress) options.progress(source.progress(), source.side().rows);
  }
  history.data = source.side();
  history.data.hash = columns.hash();
  history.warnings = source.warnings();
  if (!history.chunks.empty()) return history;
  return absl::InvalidArgumentError(Concat(history.data.source, ": expected rows, got none"));
}

}  // namespace drift
