#ifndef DRIFT_LANE_SUM_H_
#define DRIFT_LANE_SUM_H_

#include <array>
#include <cstddef>

namespace drift {

// A sum in four lanes, term i in lane i mod 4: one fixed order, so that the same terms give the same bits, and one
// that vector units can follow.
class LaneSum {
 public:
  // Adds term(0) … term(count − 1). REQUIRES: the counts of all calls but the last are multiples of four.
  template <typename Term>
  void Add(std::size_t count, Term term) {
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) lanes_[lane] += term(i + lane);
    }
    for (std::size_t lane = 0; i < count; ++i, ++lane) lanes_[lane] += term(i);
  }

  double total() const { return (lanes_[0] + lanes_[1]) + (lanes_[2] + lanes_[3]); }

 private:
  static constexpr std::size_t kLanes = 4;
  std::array<double, kLanes> lanes_ = {};
};

}  // namespace drift

#endif  // DRIFT_LANE_SUM_H_
