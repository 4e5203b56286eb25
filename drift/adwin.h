#ifndef DRIFT_ADWIN_H_
#define DRIFT_ADWIN_H_

#include <deque>
#include <optional>
#include <vector>

#include "drift/detector.h"

namespace drift {

struct AdwinSettings {
  double delta = 0.002;         // confidence: chance of an alarm at one look without a change, 0 to 1
  int clock = 32;               // observations between two looks, ≥ 1
  int max_buckets = 5;          // of one size before two of them are merged, ≥ 1
  double min_window = 5;        // observations on either side of a cut
  double grace_period = 10;     // observations before the first look
};

// ADWIN2 (Bifet and Gavaldà 2007): a window of the newest errors as long as no cut divides it into two parts of
// different means, |μ0 − μ1| > √(2 m⁻¹ σ² L) + ⅔ m⁻¹ L with L = ln(2 ln W / δ), m⁻¹ = 1/(n0 − 4) + 1/(n1 − 4).
// Errors must lie in 0 to 1. Bucket structure, order of the cuts and constants are River's (0.21): of each size the
// newest bucket always counts to the newer side of a cut, and an alarm empties the window instead of shortening it.
class Adwin final : public Detector {
 public:
  explicit Adwin(AdwinSettings settings = {});

  LevelChange Update(double error, double weight) override;
  // The cut that came nearest to an alarm at the last look: |μ0 − μ1| and its bound.
  std::optional<Statistic> statistic() const override { return statistic_; }

  double width() const { return width_; }  // observations in the window
  double mean() const { return width_ > 0 ? total_ / width_ : 0; }

 private:
  struct Bucket {
    double count = 0, total = 0, variance = 0;  // Σw, Σw·x, Σw·(x − mean)²
  };
  struct Side {
    double count = 0, total = 0;
  };

  void Insert(double error, double weight);
  void Compress();
  LevelChange Look();
  bool IsChange(const Side& older, const Side& newer);

  const AdwinSettings settings_;
  std::deque<std::vector<Bucket>> rows_;  // row i: buckets of 2^i errors, oldest first
  double width_ = 0, total_ = 0, variance_ = 0;
  double seen_ = 0;  // observations since the last alarm, for the clock
  bool ended_ = false;  // an alarm: the next error begins anew
  std::optional<Statistic> statistic_;
};

}  // namespace drift

#endif  // DRIFT_ADWIN_H_
