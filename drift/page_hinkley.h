#ifndef DRIFT_PAGE_HINKLEY_H_
#define DRIFT_PAGE_HINKLEY_H_

#include <limits>
#include <optional>

#include "drift/detector.h"

namespace drift {

struct PageHinkleySettings {
  double delta = 0.005;    // change of the mean that is tolerated, in units of the error
  double threshold = 50;   // λ, in units of the error times observations
  double alpha = 0.9999;   // forgetting, per observation; 0 to 1
  double least = 30;       // observations before it judges
};

// The Page–Hinkley test (Page 1954) in both directions: sums of the errors' distances from their mean, less δ, that
// fade by α; an alarm where the sum has risen by more than λ above its minimum, or fallen by more below its maximum.
// Numbers as River's (0.21): PageHinkley(mode="both").
class PageHinkley final : public Detector {
 public:
  explicit PageHinkley(PageHinkleySettings settings = {});

  LevelChange Update(double error, double weight) override;
  // The larger of rise and fall, and λ.
  std::optional<Statistic> statistic() const override { return statistic_; }

 private:
  struct Sums {
    double count = 0, mean = 0;
    double rising = 0, falling = 0;
    double least = std::numeric_limits<double>::infinity();  // of `rising`
    double most = -1;                                        // of `falling`
  };

  const PageHinkleySettings settings_;
  Sums sums_;
  bool ended_ = false;  // an alarm: the next error begins anew
  std::optional<Statistic> statistic_;
};

}  // namespace drift

#endif  // DRIFT_PAGE_HINKLEY_H_
