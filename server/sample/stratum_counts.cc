#include "server/sample/stratum_counts.h"

namespace driftserve {
namespace {

constexpr size_t kCountersPerLine = 64 / sizeof(SingleWriterCounter);

// The vector's own start is not aligned to a line, so a whole line is left between two threads.
size_t Stride(size_t counters) { return (counters / kCountersPerLine + 2) * kCountersPerLine; }

}  // namespace

StratumCounts::StratumCounts(size_t threads, size_t strata, int64_t pane_ns)
    : threads_(threads), strata_(strata), stride_(Stride(kRounds * strata)), pane_ns_(pane_ns < 1 ? 1 : pane_ns),
      counters_(threads * stride_), collected_(kRounds * strata, 0) {}

std::vector<StratumCounts::Gain> StratumCounts::Collect(int64_t now_ns) {
  std::vector<Gain> gains;
  const int64_t newest = (now_ns < 0 ? 0 : now_ns) / pane_ns_;
  // Oldest pane first, so that the window sees time going forward. The slot of the pane to come is left alone: a row
  // counted in it while this runs would be taken for one of kRounds − 1 panes ago.
  for (int64_t pane = newest - static_cast<int64_t>(kRounds) + 2; pane <= newest; ++pane) {
    const size_t round = static_cast<size_t>((pane + static_cast<int64_t>(kRounds)) % static_cast<int64_t>(kRounds));
    for (size_t stratum = 0; stratum < strata_; ++stratum) {
      const uint64_t sum = Sum(round, stratum);
      uint64_t& collected = collected_[round * strata_ + stratum];
      if (sum == collected) continue;
      gains.push_back({pane * pane_ns_, static_cast<int>(stratum), sum - collected});
      collected = sum;
    }
  }
  return gains;
}

uint64_t StratumCounts::Sum(size_t round, size_t stratum) const {
  uint64_t sum = 0;
  for (size_t thread = 0; thread < threads_; ++thread) {
    sum += counters_[thread * stride_ + round * strata_ + stratum].Read();
  }
  return sum;
}

uint64_t StratumCounts::Total(int stratum) const {
  uint64_t total = 0;
  for (size_t round = 0; round < kRounds; ++round) total += Sum(round, static_cast<size_t>(stratum));
  return total;
}

}  // namespace driftserve
