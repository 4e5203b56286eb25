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
/// newest pane of that slot's turn, which is right as long as the observer collects once in kRounds − 2 panes.
///
/// Thread safety: Count(t, …) by serving thread t only; Collect by the observer only; Total by anyone.
class StratumCounts {
 public:
  static constexpr size_t kRounds = 8;

  StratumCounts(size_t threads, size_t strata, int64_t pane_ns);

  /// `pane_ns` at least 1; `unix_ns` at least 0.
  void Count(size_t thread, int stratum, int64_t unix_ns, uint64_t rows) {
    const size_t round = static_cast<uint64_t>(unix_ns) / static_cast<uint64_t>(pane_ns_) % kRounds;
    At(thread, round, stratum).Add(rows);
  }

  struct Gain {
    int64_t pane_start_ns;
    int stratum;
    uint64_t rows;
  };
  /// What was counted since the last call, by pane and stratum; `now_ns` tells which pane a slot stands for.
  std::vector<Gain> Collect(int64_t now_ns);

  /// All rows ever counted of `stratum`.
  uint64_t Total(int stratum) const;
  int64_t pane_ns() const { return pane_ns_; }

 private:
  SingleWriterCounter& At(size_t thread, size_t round, int stratum) {
    return counters_[thread * stride_ + round * strata_ + stratum];
  }
  uint64_t Sum(size_t round, size_t stratum) const;

  const size_t threads_;
  const size_t strata_;
  const size_t stride_;  // counters of one thread: whole cache lines, and one between it and the next thread's
  const int64_t pane_ns_;
  std::vector<SingleWriterCounter> counters_;
  std::vector<uint64_t> collected_;  // observer's own: per round and stratum
};

}  // namespace driftserve
