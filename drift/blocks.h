#ifndef DRIFT_BLOCKS_H_
#define DRIFT_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "drift/layout.h"
#include "drift/pane.h"
#include "drift/view.h"

namespace drift {

// The rows of one batch, counted in blocks of time or of file order, to be judged once (statistics.md §3). Unlike a
// Window nothing expires, and the rows that were not kept are not counted: a row stands for 1/π rows, in one group and
// without the mix term (statistics.md §2). Single-threaded.
//
// Blocks are stretches of 2^k units of order; k is the smallest that leaves at most kMostBlocks of them with rows. So
// their number ends above kMostBlocks / 2 wherever there are as many places, and depends neither on a total known
// beforehand nor on the order in which rows come. Rows at one place are never torn apart.
class Blocks {
 public:
  static constexpr std::size_t kMostBlocks = 120;
  // More distinct rates than this are rounded to steps of 2.2 %, which is counted.
  static constexpr std::size_t kExactRates = 64;

  explicit Blocks(std::shared_ptr<const Layout> layout);

  // The index of a stratum, a new one where the name is new.
  std::uint32_t Stratum(std::string_view name);

  struct Rows {
    std::span<const std::int64_t> order;                // a row's place: its time, or its number
    std::span<const std::uint32_t> strata;              // indices; empty: rows have no stratum
    std::span<const double> probabilities;              // π in (0, 1]; empty: 1
    std::span<const std::vector<std::uint32_t>> cells;  // [feature][row]
  };
  // REQUIRES: strata are given always or never.
  void Add(const Rows& rows);

  const Layout& layout() const { return *layout_; }
  const std::shared_ptr<const Layout>& shared_layout() const { return layout_; }
  const std::vector<std::string>& strata() const { return names_; }
  std::size_t size() const { return blocks_.size(); }
  std::uint64_t rows() const { return rows_; }
  std::uint64_t rounded_rates() const { return rounded_rates_; }  // rows whose rate was rounded
  // Where a block begins, in units of order.
  std::int64_t begin_of(std::size_t block) const;
  std::uint64_t rows_of(std::size_t block) const;

  // What the estimators see. Points into the blocks, which must outlive it unchanged.
  View Population() const;
  View OfStratum(std::size_t stratum) const;
  // Blocks [first, last) without cells: enough for PSI, not for KS.
  View Stretch(std::size_t first, std::size_t last) const;

  // Cell counts of all rows, total_cells(). REQUIRES: every row had the probability 1.
  std::vector<std::uint64_t> PlainCells() const;

 private:
  // The rows of a stratum and a rate within a block, by stratum · 2^32 + number of the rate.
  using Block = std::map<std::uint64_t, StratumPane>;
  // A stratum's cells over all blocks: counts of the rate that came first, weighted sums of all other rates.
  struct Cells {
    double probability = 0;
    std::vector<std::uint64_t> counts;
    LooseCells loose;
  };

  std::uint32_t RateOf(double probability);
  void MakeRoom(std::span<const std::int64_t> order);
  void Double();
  StratumPane& PaneOf(std::int64_t place, std::uint32_t stratum, std::uint32_t rate);
  // Consecutive rows of one pane, stratum and rate.
  struct Run {
    StratumPane* pane;
    std::uint32_t stratum;
    bool loose;  // another rate than the stratum's first
    std::size_t begin, end;
  };

  void Resolve(const Rows& rows);
  void CountBins(const Rows& rows);
  void CountCells(const Rows& rows);
  void CountLooseCells(const Rows& rows, const Run& run);
  void AddTerms(const Block& block, std::size_t slot, std::int64_t stratum, View& view) const;
  void AddCells(const Cells& cells, View& view) const;
  View Finish(View view) const;
  View Empty() const;

  const std::shared_ptr<const Layout> layout_;
  std::vector<std::string> names_;
  std::map<std::int64_t, Block> blocks_;  // by place ÷ 2^shift_, rounded down
  int shift_ = 0;
  std::vector<Cells> cells_;  // by stratum; one where there are none
  std::vector<double> rates_;
  std::unordered_map<double, std::uint32_t> rate_numbers_;
  std::uint64_t rows_ = 0, rounded_rates_ = 0;
  std::vector<Run> runs_;  // of the rows being added
};

}  // namespace drift

#endif  // DRIFT_BLOCKS_H_
