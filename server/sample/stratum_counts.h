#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/base/counter.h"

namespace driftserve {

/// Rows answered per stratum, exact, counted by the serving threads and collected by the observer into panes.
///
/// Each serving thread writes its own slots; a slot is chosen by the row's time: kRounds slots are used in turn, one
/// per pane. Counters only grow, so nothing is ever lost: what a slot gained since the last collection belongs to the
/// newest pane of that slot's turn, which is right as long as the observer collects once in kRounds − 1 panes.
///
/// Thread safety: Count(t, …) by serving thread t only; Collect by the observer only; Total by anyone.
class StratumCounts {
 public:
  static constexpr size_t kRounds = 8;

  StratumCounts(size_t threads, size_t strata, int64_t pane_ns);

  void Count(size_t thread, int stratum, int64_t unix_ns, uint64_t rows) {
    const size_t round = static_cast<size_t>(unix_ns / pane_ns_) % kRounds;
    At(thread, round, stratum).Add(rows);
  }

  struct Gain {
    int64_t pane_start_ns;
    int stratum;
    uint64_t rows;
  };
  /// What was counted since the last call, by pane and stratum; `now_ns` tells which pane a slot stands for.
  std::vector<Gain> Collect(int64_t now_ns);

  uint64_t Total(int stratum) const;
  int64_t pane_ns() const { return pane_ns_; }

 private:
  SingleWriterCounter& At(size_t thread, size_t round, int stratum) {
    return counters_[thread * stride_ + round * strata_ + stratum];
  }

  const size_t threads_;
  const size_t strata_;
  const size_t stride_;  // counters of one thread, rounded up to whole cache lines
  const int64_t pane_ns_;
  std::vector<SingleWriterCounter> counters_;
  std::vector<uint64_t> collected_;  // observer's own: per round and stratum
};

}  // namespace driftserve
