#include "drift/adwin.h"

#include <algorithm>
#include <cmath>

namespace drift {
namespace {

double MeanOf(double total, double count) { return total / count; }

// What joining two parts adds to the sum of their squared deviations.
double Between(double count0, double mean0, double count1, double mean1) {
  return count0 * count1 * (mean0 - mean1) * (mean0 - mean1) / (count0 + count1);
}

}  // namespace

Adwin::Adwin(AdwinSettings settings) : settings_(settings), rows_(1) {}

LevelChange Adwin::Update(double error, double weight) {
  if (ended_) {
    rows_.assign(1, {});
    width_ = total_ = variance_ = seen_ = 0;
    ended_ = false;
    statistic_.reset();
  }
  Insert(error, weight);
  const double looks = std::floor(seen_ / settings_.clock);
  seen_ += weight;
  if (std::floor(seen_ / settings_.clock) == looks || !(width_ > settings_.grace_period)) return LevelChange::kNone;
  return Look();
}

void Adwin::Insert(double error, double weight) {
  rows_[0].push_back({weight, weight * error, 0});
  if (width_ > 0) {
    const double deviation = error - total_ / width_;
    variance_ += width_ * weight * deviation * deviation / (width_ + weight);
  }
  width_ += weight;
  total_ += weight * error;
  Compress();
}

void Adwin::Compress() {
  for (std::size_t i = 0; rows_[i].size() > static_cast<std::size_t>(settings_.max_buckets); ++i) {
    if (i + 1 == rows_.size()) rows_.emplace_back();
    const Bucket &first = rows_[i][0], &second = rows_[i][1];
    const double between = Between(first.count, MeanOf(first.total, first.count), second.count,
                                   MeanOf(second.total, second.count));
    rows_[i + 1].push_back(
        {first.count + second.count, first.total + second.total, first.variance + second.variance + between});
    rows_[i].erase(rows_[i].begin(), rows_[i].begin() + 2);
  }
}

// Every cut between two buckets, from the oldest on.
LevelChange Adwin::Look() {
  statistic_.reset();
  Side older, newer{width_, total_};
  for (std::size_t i = rows_.size(); i-- > 0;) {
    for (std::size_t k = 0; k + 1 < rows_[i].size(); ++k) {
      const Bucket& moved = rows_[i][k];
      older.count += moved.count;
      newer.count -= moved.count;
      older.total += moved.total;
      newer.total -= moved.total;
      if (newer.count < settings_.min_window || older.count < settings_.min_window) continue;
      if (!IsChange(older, newer)) continue;
      ended_ = true;
      const bool rose = MeanOf(newer.total, newer.count) > MeanOf(older.total, older.count);
      return rose ? LevelChange::kRose : LevelChange::kFell;
    }
  }
  return LevelChange::kNone;
}

bool Adwin::IsChange(const Side& older, const Side& newer) {
  const double difference = std::fabs(MeanOf(older.total, older.count) - MeanOf(newer.total, newer.count));
  const double level = std::log(2 * std::log(width_) / settings_.delta);
  const double reciprocal =
      1.0 / (older.count - settings_.min_window + 1) + 1.0 / (newer.count - settings_.min_window + 1);
  const double variance = std::max(0.0, variance_ / width_);
  const double bound = std::sqrt(2 * reciprocal * variance * level) + 2.0 / 3.0 * level * reciprocal;
  if (!statistic_ || difference - bound > statistic_->value - statistic_->threshold) {
    statistic_ = Statistic{difference, bound};
  }
  return difference > bound;
}

}  // namespace drift
