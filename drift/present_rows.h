#ifndef DRIFT_PRESENT_ROWS_H_
#define DRIFT_PRESENT_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drift/view.h"

namespace drift {

// The rows of one group, those left out whose value is missing.
struct PresentGroup {
  double weight = 0;      // W_g among them
  double kept = 0;        // n_g
  double seen = 0;        // N_g
  double one_weight = 0;  // w of every kept row …
  bool several_weights = false;  // … unless they differ
  std::vector<double> at_ends;   // f_g at the ends of the inner bins; filled where a value is missing
};

// The rows of a view that have a value of one feature. Points into the view.
class PresentRows {
 public:
  PresentRows(const View& view, std::size_t feature);

  std::span<PresentGroup> groups() { return groups_; }
  std::span<const PresentGroup> groups() const { return groups_; }
  bool none_missing() const { return none_missing_; }
  double seen() const { return seen_; }  // N
  double kept() const { return kept_; }  // n
  double kish() const { return weight_squares_ > 0 ? seen_ * seen_ / weight_squares_ : 0; }
  std::uint32_t missing(const Term& term) const {
    return term.pane->kept == 0 ? 0 : term.pane->bins[missing_bin_];
  }

 private:
  void TakeAll();
  void CountPresent();

  const View& view_;
  const std::size_t missing_bin_;
  std::vector<PresentGroup> groups_;
  bool none_missing_ = false;
  double seen_ = 0, kept_ = 0, weight_squares_ = 0;
};

}  // namespace drift

#endif  // DRIFT_PRESENT_ROWS_H_
