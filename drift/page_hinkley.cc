#include "drift/page_hinkley.h"

#include <algorithm>
#include <cmath>

namespace drift {

PageHinkley::PageHinkley(PageHinkleySettings settings) : settings_(settings) {}

LevelChange PageHinkley::Update(double error, double weight) {
  if (ended_) {
    sums_ = Sums{};
    ended_ = false;
    statistic_.reset();
  }
  sums_.count += weight;
  sums_.mean += weight / sums_.count * (error - sums_.mean);
  const double deviation = weight * (error - sums_.mean);
  const double kept = std::pow(settings_.alpha, weight);
  sums_.rising = kept * sums_.rising + deviation - weight * settings_.delta;
  sums_.falling = kept * sums_.falling + deviation + weight * settings_.delta;
  sums_.least = std::min(sums_.least, sums_.rising);
  sums_.most = std::max(sums_.most, sums_.falling);
  if (sums_.count < settings_.least) return LevelChange::kNone;
  const double rise = sums_.rising - sums_.least, fall = sums_.most - sums_.falling;
  statistic_ = Statistic{std::max(rise, fall), settings_.threshold};
  ended_ = statistic_->value > settings_.threshold;
  if (!ended_) return LevelChange::kNone;
  return rise > settings_.threshold ? LevelChange::kRose : LevelChange::kFell;
}

}  // namespace drift
