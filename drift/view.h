#ifndef DRIFT_VIEW_H_
#define DRIFT_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "drift/bin_moments.h"
#include "drift/pane.h"
#include "drift/window.h"

namespace drift {

// The kept rows of one stratum in one pane and what each of them stands for.
struct Term {
  const StratumPane* pane = nullptr;
  int stratum = 0;
  std::size_t group = 0;
  std::size_t slot = 0;  // 0 … View::slots − 1, in order of time
  double weight = 0;     // w_hp: rows of the traffic that one kept row stands for; 0 where none was kept
  double seen = 0;       // N_hp
};

// Strata that are weighted together (statistics.md §2).
struct Group {
  double seen = 0;   // N_g
  double kept = 0;   // n_g
  double share = 0;  // W_g = N_g / N
  double weight = 0;  // w of the group's kept rows …
  bool several_weights = false;  // … where they all have the same
};

// Cell counts of a group, all features, under one weight: Σ w k = weight · count.
struct CellClass {
  std::size_t group = 0;
  double weight = 0;
  std::span<const std::uint64_t> counts;  // total_cells()
};

// Weighted cell counts of those terms of a group that are in no CellClass; empty where there are none.
struct LooseCells {
  std::vector<double> weighted, squared;  // Σ w k and Σ w² k, total_cells()
};

// What an estimator sees of a window: the population, or one stratum. Points into the window, which must outlive
// it unchanged.
struct View {
  const Layout* layout = nullptr;
  std::vector<Group> groups;  // every one with kept rows
  std::vector<Term> terms;
  std::vector<CellClass> classes;
  std::vector<LooseCells> loose;  // one per group
  std::size_t slots = 0;          // P: panes with rows
  double seen = 0, kept = 0;      // N, n
  double kish = 0;                // (Σw)²/Σw²
  BinMoments moments;
  bool mix_known = true;          // N is counted, so the traffic's mix of strata is a variance of its own
  bool equal_weights = true;      // of all kept rows: the counts are a plain sample
  // Strata too thin to be estimated: their share of the rows, and the largest one with the rate that would do.
  double thin_share = 0;
  std::string thin_reason;
};

// A stratum of which fewer rows than this are expected to be kept joins another one, and at most kThinShare of
// the rows may be in such strata.
inline constexpr double kLeastExpected = 5;
inline constexpr double kThinShare = 0.01;

View PopulationView(const Window& window);
View StratumView(const Window& window, int stratum);

// The population's, then every stratum's where there are several; their moments are not filled yet.
std::vector<View> ViewsOf(const Window& window);

}  // namespace drift

#endif  // DRIFT_VIEW_H_
