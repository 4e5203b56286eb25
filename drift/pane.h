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
  // visit(cell_offset(f) + cell, count) for every count that is not 0; a cell may come more than once.
  template <typename Visitor>
  void Visit(const Layout& layout, Visitor visit) const;
  std::size_t bytes() const;
  bool dense() const { return !counts_.empty(); }

 private:
  void MakeDense(const Layout& layout);

  std::vector<std::uint16_t> narrow_;  // row-major indices; used where every feature has ≤ 65 536 cells …
  std::vector<std::uint32_t> wide_;    // … and this one otherwise
  std::vector<std::uint32_t> counts_;  // dense
};

template <typename Visitor>
void CellStore::Visit(const Layout& layout, Visitor visit) const {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) visit(i, counts_[i]);
  }
  const std::size_t features = layout.features();
  const auto rows = [&](const auto& indices) {
    for (std::size_t at = 0; at < indices.size(); at += features) {
      for (std::size_t f = 0; f < features; ++f) visit(layout.cell_offset(f) + indices[at + f], std::uint32_t{1});
    }
  };
  rows(narrow_);
  rows(wide_);
}

// One stratum in one pane.
struct StratumPane {
  std::uint64_t seen = 0;     // N: rows the server answered
  std::uint64_t kept = 0;     // n: rows in `cells`
  std::uint64_t dropped = 0;  // selected by the sampling rule, then lost before the window
  double probability = 0;     // π of the sampling rule; 0: not known yet
  bool mixed = false;         // its rows came with several rates; probability is their harmonic mean
  CellStore cells;
  std::vector<std::uint32_t> bins;  // total_bins() counts; empty while kept == 0
  bool in_totals = false;           // its cells are in the window's running totals

  std::uint64_t selected() const { return kept + dropped; }
  // π · accepted / selected: the chance of a row to have come this far. 0 while π is unknown.
  double EffectiveProbability() const;
  // Rows with another rate join: π becomes the harmonic mean, which keeps Σ 1/π, and so the weights, right.
  void MixRate(double other_probability, std::uint64_t rows);
  std::size_t bytes() const { return sizeof(StratumPane) + cells.bytes() + bins.capacity() * sizeof(std::uint32_t); }
};

// A slice of time under one sampling rule. Several panes may share a slot: a change of rates closes a pane.
struct Pane {
  std::int64_t slot = 0;  // time ÷ pane length, rounded down
  int rule_version = 0;
  bool rule_known = false;  // false: made by rows seen before the first rule was stated; the first one takes it
  std::vector<StratumPane> strata;
};

}  // namespace drift

#endif  // DRIFT_PANE_H_
