#include "server/batch/policy.h"

#include <algorithm>
#include <limits>

namespace driftserve {
namespace {

// Of bytes that another part of the request's way has pushed out of the core's own cache: 602 kB in 77 µs.
constexpr size_t kCopiedBytesPerNano = 8;

}  // namespace

bool Compatible(const Waiting& left, const Waiting& right) {
  if (left.model != right.model || left.inputs->size() != right.inputs->size()) return false;
  for (size_t i = 0; i < left.inputs->size(); ++i) {
    const Shape& a = (*left.inputs)[i].shape;
    const Shape& b = (*right.inputs)[i].shape;
    if (a.size() != b.size()) return false;
    for (size_t d = 1; d < a.size(); ++d) {
      if (a[d] != b[d]) return false;
    }
  }
  return true;
}

size_t NextModel(std::span<const Waiting> waiting) {
  size_t next = 0;
  for (size_t i = 1; i < waiting.size(); ++i) {
    if (waiting[i].served_ns < waiting[next].served_ns) next = i;
  }
  return next;
}

bool NextBatch(std::span<const Waiting> waiting, const BatchSizes& sizes, std::vector<size_t>& batch) {
  batch.clear();
  if (waiting.empty()) return false;
  const auto preferred = [&](int64_t rows) {
    return std::binary_search(sizes.preferred.begin(), sizes.preferred.end(), rows);
  };
  batch.push_back(0);
  int64_t rows = waiting[0].rows;
  size_t best = preferred(rows) ? 1 : 0;  // requests of the largest batch of a preferred size
  bool overfull = false;
  for (size_t i = 1; i < waiting.size() && rows < sizes.max_rows; ++i) {
    if (!Compatible(waiting[0], waiting[i])) continue;
    if (rows + waiting[i].rows > sizes.max_rows) {
      overfull = true;
      continue;
    }
    rows += waiting[i].rows;
    batch.push_back(i);
    if (preferred(rows)) best = batch.size();
  }
  if (best > 0) batch.resize(best);
  return best > 0 || overfull || rows >= sizes.max_rows;
}

bool CopyingCostsMore(size_t bytes, int64_t together_ns, int64_t alone_ns) {
  return alone_ns > 0 && together_ns + static_cast<int64_t>(bytes / kCopiedBytesPerNano) > alone_ns;
}

int64_t LingerUntil(std::span<const Waiting> waiting, std::span<const size_t> batch, int64_t delay_ns,
                    int64_t longest_ns) {
  int64_t until = std::numeric_limits<int64_t>::max();
  for (const size_t index : batch) {
    until = std::min({until, waiting[index].accepted_ns + delay_ns, waiting[index].deadline_ns - longest_ns});
  }
  return until;
}

int64_t EarliestStart(int64_t rows_ahead, int64_t max_rows, int64_t full_ns, std::span<int64_t> free_ns) {
  std::sort(free_ns.begin(), free_ns.end());
  const int64_t batches = rows_ahead / std::max<int64_t>(max_rows, 1);
  const auto instances = static_cast<int64_t>(free_ns.size());
  return free_ns[static_cast<size_t>(batches % instances)] + batches / instances * full_ns;
}

size_t BucketIndex(std::span<const int> buckets, int64_t rows) {
  const auto found = std::lower_bound(buckets.begin(), buckets.end(), rows);
  return found == buckets.end() ? buckets.size() - 1 : static_cast<size_t>(found - buckets.begin());
}

int64_t EstimateNanos(std::span<const int> buckets, std::span<const int64_t> bucket_ns, int64_t rows) {
  if (buckets.empty() || bucket_ns.size() != buckets.size()) return 0;
  return bucket_ns[BucketIndex(buckets, rows)];
}

bool Hopeless(int64_t now_ns, int64_t deadline_ns, int64_t estimate_ns) { return deadline_ns - estimate_ns < now_ns; }

bool FitsTurn(int64_t spent_ns, int64_t estimate_ns, int64_t limit_ns, bool first) {
  return first || spent_ns + estimate_ns <= limit_ns;
}

}  // namespace driftserve
