#include "server/tap/decide.h"

namespace driftserve {

void CountRows(WatchedModel& model, size_t thread, int64_t unix_ns, absl::Span<const int> strata, uint32_t rows) {
  if (strata.size() == 1) {
    model.seen().Count(thread, strata[0], unix_ns, rows);
    return;
  }
  // Rows of one stratum often come together: one addition a run.
  for (uint32_t first = 0; first < rows;) {
    uint32_t end = first + 1;
    while (end < rows && strata[end] == strata[first]) ++end;
    model.seen().Count(thread, strata[first], unix_ns, end - first);
    first = end;
  }
}

size_t Decide(const SamplingRule& rule, uint64_t key, absl::Span<const int> strata, uint32_t rows, KeptRows& kept) {
  const size_t before = kept.size();
  for (uint32_t row = 0; row < rows; ++row) {
    const int stratum = strata.size() == 1 ? strata[0] : strata[row];
    if (!rule.Keep(key, row, stratum)) continue;
    kept.push_back({row, row, stratum, rule.stratum(stratum).rate});
  }
  return kept.size() - before;
}

}  // namespace driftserve
