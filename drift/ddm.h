#ifndef DRIFT_DDM_H_
#define DRIFT_DDM_H_

#include <optional>

#include "drift/detector.h"

namespace drift {

struct DdmSettings {
  double least = 30;          // observations before it judges
  double warning_level = 2;   // in s_min above p_min + …
  double drift_level = 3;
  // How s, the standard error of the mean error, is found. Of errors that are 0 or 1 it is √(p(1 − p)/n), as in the
  // paper. For errors of any other range that formula is wrong (or, above 1, nothing): there s = √(Σw(x − p)²/n)/√n,
  // which for errors of 0 and 1 is the same number.
  bool binary = true;
};

// DDM, the drift detection method (Gama et al. 2004): an alarm where p + s > p_min + 3 s_min, a warning above
// p_min + 2 s_min; p the mean error since the last alarm, s its standard error, the minimum taken where p + s was
// smallest. Sees rises only. Numbers as River's (0.21): binary.DDM.
class Ddm final : public Detector {
 public:
  explicit Ddm(DdmSettings settings = {});

  LevelChange Update(double error, double weight) override;
  // p + s and p_min + 3 s_min.
  std::optional<Statistic> statistic() const override { return statistic_; }

 private:
  double StandardError() const;

  const DdmSettings settings_;
  double count_ = 0, mean_ = 0, squares_ = 0;  // Σw, Σw·x / Σw, Σw·(x − mean)²
  double least_mean_ = 0, least_error_ = 0;    // p_min and s_min
  bool judged_ = false;                        // the two are set
  bool ended_ = false;                         // an alarm: the next error begins anew
  std::optional<Statistic> statistic_;
};

}  // namespace drift

#endif  // DRIFT_DDM_H_
