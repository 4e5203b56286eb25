#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "server/sample/watched_model.h"
#include "server/tap/sample.h"

namespace driftserve {

/// Counts the `rows` rows of an answered request in serving thread `thread`'s slots. `strata`: one index per row, or a
/// single one for all rows. `unix_ns` is the time that a sample of the request carries too, so that seen and kept rows
/// meet in the same pane.
void CountRows(WatchedModel& model, size_t thread, int64_t unix_ns, absl::Span<const int> strata, uint32_t rows);

/// Which of a request's rows are kept: appends them to `kept` with their stratum and inclusion probability, `position`
/// equal to `row`. `key` as SequenceKey or RequestIdKey makes it; `strata` as above. Returns how many were kept.
/// Cost: one hash per row whose rate is neither 0 nor 1. Take the rule once per request: a later call of
/// WatchedModel::rule() may answer with other rates and another version.
size_t Decide(const SamplingRule& rule, uint64_t key, absl::Span<const int> strata, uint32_t rows, KeptRows& kept);

}  // namespace driftserve
