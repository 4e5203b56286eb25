#include "server/batch/policy.h"

#include <algorithm>

namespace driftserve {

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

void NextBatch(std::span<const Waiting> waiting, int64_t max_rows, std::vector<size_t>& batch) {
  batch.clear();
  if (waiting.empty()) return;
  batch.push_back(0);
  int64_t rows = waiting[0].rows;
  for (size_t i = 1; i < waiting.size() && rows < max_rows; ++i) {
    if (rows + waiting[i].rows > max_rows || !Compatible(waiting[0], waiting[i])) continue;
    rows += waiting[i].rows;
    batch.push_back(i);
  }
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
