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
  int64_t served_ns = 0;               // when its model last ran on this thread; 0: never
};

/// True when both can run in one batch: the same model, and the same shapes but for the rows. An absent input has no
/// dimension, so that what one request left out the other did too.
bool Compatible(const Waiting& left, const Waiting& right);

/// The index of the request whose turn it is among several models: the first of the model that has not run for
/// longest. A model that floods the thread so takes turns with every other. REQUIRES: not empty.
size_t NextModel(std::span<const Waiting> waiting);

/// How large batches may and should be.
struct BatchSizes {
  int64_t max_rows = 0;            // 0: the model does not batch
  std::span<const int> preferred;  // ascending; may be empty
};

/// Indices, ascending, of the next batch out of `waiting`, which is in the order of turns: the first, and every
/// compatible one after it that still fits `max_rows`. A larger one that does not fit is passed over for smaller ones
/// behind it, but never the first. Where a batch of the first few of them has exactly a preferred size, the largest
/// such batch. With `max_rows` 0 the first alone. True when there is nothing to wait for: the batch is full, or of a
/// preferred size, or a compatible request waits that does not fit.
bool NextBatch(std::span<const Waiting> waiting, const BatchSizes& sizes, std::vector<size_t>& batch);

/// A request with fewer bytes of inputs is copied into a batch without a second thought.
inline constexpr size_t kLargeRequestBytes = 16 << 10;

/// True when requests that hold `bytes` together are better run one by one, each on its own bytes: copying them into
/// one batch would take longer than it spares. `together_ns`: what the batch takes; `alone_ns`: what they take alone,
/// all in all; 0 where nothing was measured, which speaks for the batch.
bool CopyingCostsMore(size_t bytes, int64_t together_ns, int64_t alone_ns);

/// Until when an incomplete `batch` may wait for more: `delay_ns` after the acceptance of its oldest request, and not
/// so long that one of them, run in a batch that takes `longest_ns`, would miss its deadline.
int64_t LingerUntil(std::span<const Waiting> waiting, std::span<const size_t> batch, int64_t delay_ns,
                    int64_t longest_ns);

/// The earliest moment at which a request can start that has `rows_ahead` rows before it, in batches of at most
/// `max_rows` that take `full_ns` each; `free_ns`: when each instance is free, at least one of them, reordered. What
/// the last, incomplete batch ahead holds does not count, as the request may join it.
int64_t EarliestStart(int64_t rows_ahead, int64_t max_rows, int64_t full_ns, std::span<int64_t> free_ns);

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
