#ifndef DRIFT_WINDOW_H_
#define DRIFT_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "drift/error.h"
#include "drift/layout.h"
#include "drift/monitor.h"
#include "drift/pane.h"
#include "drift/reference.h"
#include "drift/value.h"

namespace drift {

// What the window lost or degraded since it was made; each only grows.
struct WindowCounters {
  std::uint64_t late_rows = 0;        // kept rows older than the window, not counted in it
  std::uint64_t late_seen = 0;        // seen or dropped rows reported for a time older than the window
  std::uint64_t unreadable_rows = 0;  // a value did not fit its dtype: the row counts as dropped
  std::uint64_t invalid_rows = 0;     // wrong number of values, no such stratum, probability not in (0, 1]
  std::uint64_t coarsenings = 0;      // times the panes were joined two by two to stay under the byte limit
  std::uint64_t mixed_rates = 0;      // rows whose pane already holds another rate: too many changes in one pane
};

// Totals since the window was made, for one rule version and stratum: what a counter exports.
struct CumulativeCounts {
  int rule_version = 0;
  int stratum = 0;
  std::uint64_t seen = 0, kept = 0, dropped = 0;
  std::vector<std::uint64_t> bins;  // [layout.bin_offset(feature) + bin]; kept rows
};

// The recent rows of one model version: a ring of panes with unweighted cell counts per stratum (statistics.md
// §2). Single-threaded (one observer writes and evaluates). Time is given by the caller and only moves forward:
// a later time moves the window, rows older than the window are dropped and counted.
class Window {
 public:
  // `strata` names, at least one; a stratum is from then on its index.
  Window(std::shared_ptr<const Reference> reference, std::vector<std::string> strata, WindowSettings settings);
  // The same, with the layout of its reference shared among windows.
  Window(std::shared_ptr<const Layout> layout, std::vector<std::string> strata, WindowSettings settings);

  // The rates in force from `time_ns` on, one per stratum: closes the pane. Rows also bring their own
  // probability, but a stratum of which nothing was kept is only weighed rightly if its rate was stated.
  void SetRates(std::int64_t time_ns, std::span<const double> probabilities, int rule_version);

  // Rows that the server answered, whether kept or not.
  void CountSeen(std::int64_t time_ns, int stratum, std::uint64_t rows);

  // Rows that the sampling rule selected and that were lost on the way here.
  void CountDropped(std::int64_t time_ns, int stratum, std::uint64_t rows);

  // One kept row, with one value per feature in the reference's order. False: refused, and counted why.
  bool Add(std::int64_t time_ns, int stratum, double inclusion_probability, int rule_version,
           std::span<const Value> values);

  // Lets panes older than the window expire.
  void Advance(std::int64_t now_ns);

  // Adds another replica's window: the result is the window of the union of the rows. Rule versions stay apart.
  // An Error where references, strata or pane lengths differ; then nothing was added.
  [[nodiscard]] std::optional<Error> Merge(const Window& other);

  const Layout& layout() const { return *layout_; }
  const std::shared_ptr<const Layout>& shared_layout() const { return layout_; }
  const std::vector<std::string>& strata() const { return strata_; }
  const WindowSettings& settings() const { return settings_; }
  const WindowCounters& counters() const { return counters_; }
  std::int64_t pane_length_ns() const { return pane_length_ns_; }  // longer than configured once coarsened
  std::optional<std::int64_t> last_row_ns() const { return last_row_ns_; }  // newest seen or kept row
  std::size_t bytes() const;
  std::vector<CumulativeCounts> Cumulative() const;

  // For estimators: the panes in order of time, and the cell counts summed over those panes of a stratum that
  // have in_totals and this probability.
  struct Totals {
    double probability = 0;
    std::uint64_t panes = 0;
    std::vector<std::uint64_t> counts;  // total_cells()
  };
  const std::deque<Pane>& panes() const { return panes_; }
  std::span<const Totals> totals(int stratum) const { return totals_[static_cast<std::size_t>(stratum)]; }

 private:
  static constexpr std::size_t kPanesPerSlot = 8;  // more changes of rates than this within a slot are mixed

  bool MoveTo(std::int64_t time_ns);
  StratumPane& PaneFor(std::int64_t slot, int stratum, int rule_version, double probability);
  std::pair<std::size_t, std::size_t> PanesOf(std::int64_t slot) const;
  Pane& InsertPane(std::size_t at, std::int64_t slot, int rule_version);
  void Expire();
  void Retire(const Pane& pane);
  void AddCells(StratumPane& pane, std::size_t stratum);
  void JoinTotals(StratumPane& pane, std::size_t stratum);
  void LeaveTotals(StratumPane& pane, std::size_t stratum);
  void MergePane(const Pane& pane, std::int64_t slot);
  void MergeStratum(StratumPane& into, const StratumPane& from, std::size_t stratum);
  void Coarsen();
  void KeepUnderLimit();
  std::int64_t SlotOf(std::int64_t time_ns) const;

  const std::shared_ptr<const Layout> layout_;
  const std::vector<std::string> strata_;
  const WindowSettings settings_;
  std::int64_t pane_length_ns_;
  std::int64_t slots_;  // panes per window at the present pane length
  std::optional<std::int64_t> newest_slot_;
  std::optional<std::int64_t> last_row_ns_;
  std::vector<double> rates_;
  int rule_version_ = 0;
  bool rule_known_ = false;
  std::deque<Pane> panes_;  // by slot, then by age
  std::vector<std::vector<Totals>> totals_;  // [stratum], at most two rates each
  std::vector<CumulativeCounts> retired_;
  std::size_t pane_bytes_ = 0;  // of cells and bins, kept up to date
  WindowCounters counters_;
  std::vector<std::uint32_t> indices_;  // cells of the row being added, by feature …
  std::vector<std::size_t> places_;     // … and their places among total_cells()
};

}  // namespace drift

#endif  // DRIFT_WINDOW_H_
