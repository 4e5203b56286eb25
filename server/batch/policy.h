#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "server/base/tensor.h"

namespace driftserve {

/// What the policy knows of one waiting request. Times are monotonic nanoseconds.
struct Waiting {
  const void* model = nullptr;         // tells models (and versions) apart
  const TensorList* inputs = nullptr;
  int64_t rows = 1;
  int64_t accepted_ns = 0;
  int64_t deadline_ns = 0;             // INT64_MAX: none
};

/// True when both can run in one batch: the same model, and the same shapes but for the rows.
bool Compatible(const Waiting& left, const Waiting& right);

/// Indices, ascending, of the next batch out of `waiting`, which is in order of acceptance: the oldest, and every
/// compatible one after it that still fits `max_rows`. A larger one that does not fit is passed over for smaller ones
/// behind it, but never the oldest. With `max_rows` 0 (the model does not batch) the oldest alone.
void NextBatch(std::span<const Waiting> waiting, int64_t max_rows, std::vector<size_t>& batch);

/// The smallest of the ascending `buckets` that holds `rows`; the last one where none does. REQUIRES: not empty.
size_t BucketIndex(std::span<const int> buckets, int64_t rows);

/// What a batch of `rows` is expected to take: the measured time of its bucket. 0 without measurements.
int64_t EstimateNanos(std::span<const int> buckets, std::span<const int64_t> bucket_ns, int64_t rows);

/// True when work that takes `estimate_ns` and starts at `now_ns` at the earliest ends after the deadline.
bool Hopeless(int64_t now_ns, int64_t deadline_ns, int64_t estimate_ns);

/// True when a turn that has spent `spent_ns` on models may start another batch. The first batch of a turn always
/// may: otherwise a model slower than the limit would never run.
bool FitsTurn(int64_t spent_ns, int64_t estimate_ns, int64_t limit_ns, bool first);

}  // namespace driftserve
