#ifndef DRIFT_PANE_H_
#define DRIFT_PANE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drift/layout.h"

namespace drift {

// Unweighted counts of every cell of every feature for some kept rows. Keeps the rows' cell indices until dense
// counts are smaller. Single-threaded, additive.
class CellStore {
 public:
  // `indices` of one row: one cell index per feature.
  void Add(const Layout& layout, std::span<const std::uint32_t> indices);
  void Merge(const Layout& layout, const CellStore& other);
  // counts[cell_offset(f) + cell] += sign · count. `counts` has total_cells() entries.
  void AddTo(const Layout& layout, std::span<std::int64_t> counts, int sign) const;
  std::size_t bytes() const;
  bool dense() const { return !counts_.empty(); }

 private:
  void MakeDense(const Layout& layout);

  std::vector<std::uint16_t> narrow_;  // row-major indices; used where every feature has ≤ 65 536 cells …
  std::vector<std::uint32_t> wide_;    // … and this one otherwise
  std::vector<std::uint32_t> counts_;  // dense
};

// One stratum in one pane.
struct StratumPane {
  std::uint64_t seen = 0;     // N: rows the server answered
  std::uint64_t kept = 0;     // n: rows in `cells`
  std::uint64_t dropped = 0;  // selected by the sampling rule, then lost before the window
  double probability = 0;     // π of the sampling rule; 0: not known yet
  CellStore cells;
  std::vector<std::uint32_t> bins;  // total_bins() counts; empty while kept == 0
  bool in_totals = false;           // its cells are in the window's running totals

  // π · accepted / selected: the chance of a row to have come this far.
  double EffectiveProbability() const;
};

// A slice of time under one sampling rule. Several panes may share a slot: a change of rates closes a pane.
struct Pane {
  std::int64_t slot = 0;  // time ÷ pane length, rounded down
  int rule_version = 0;
  std::vector<StratumPane> strata;
};

}  // namespace drift

#endif  // DRIFT_PANE_H_
