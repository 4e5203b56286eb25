#include "drift/ddm.h"

#include <algorithm>
#include <cmath>

namespace drift {

Ddm::Ddm(DdmSettings settings) : settings_(settings) {}

double Ddm::StandardError() const {
  const double variance = settings_.binary ? mean_ * (1 - mean_) : squares_ / count_;
  return std::sqrt(std::max(0.0, variance) / count_);
}

LevelChange Ddm::Update(double error, double weight) {
  if (ended_) {
    count_ = mean_ = squares_ = 0;
    judged_ = ended_ = false;
    statistic_.reset();
  }
  count_ += weight;
  const double before = error - mean_;
  mean_ += weight / count_ * before;
  squares_ += weight * before * (error - mean_);
  if (!(count_ > settings_.least)) return LevelChange::kNone;
  const double spread = StandardError();
  if (!judged_ || mean_ + spread <= least_mean_ + least_error_) {
    least_mean_ = mean_;
    least_error_ = spread;
    judged_ = true;
  }
  statistic_ = Statistic{mean_ + spread, least_mean_ + settings_.drift_level * least_error_};
  ended_ = statistic_->value > statistic_->threshold;
  if (ended_) return LevelChange::kRose;
  const bool warned = statistic_->value > least_mean_ + settings_.warning_level * least_error_;
  return warned ? LevelChange::kWarning : LevelChange::kNone;
}

}  // namespace drift
