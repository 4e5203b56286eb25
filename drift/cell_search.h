#ifndef DRIFT_CELL_SEARCH_H_
#define DRIFT_CELL_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drift/dtype.h"
#include "drift/vectorised.h"

namespace drift {

// Finds the right-closed cell of a value among sorted edges: the number of edges below it. The number is first mapped
// on one of many slots of equal width, which leaves the few edges of that slot: at most four for equal-mass edges of
// common distributions, so that one comparison of all four follows, and never more steps than a plain binary search.
// Constant after construction.
class CellSearch {
 public:
  CellSearch() : CellSearch(std::span<const std::uint64_t>(), KeyKind::kUnsigned) {}
  CellSearch(std::span<const std::uint64_t> sorted_edges, KeyKind kind);

  // Among floating edges. REQUIRES: the kind is kFloating; number is finite.
  std::uint32_t FindNumber(double number) const {
    const double* const edges = numbers_.data();
    std::size_t below = first_.data()[SlotOf(number)];
    for (std::size_t step = widest_step_; step >= kFour; step /= 2) {
      below += step & -static_cast<std::size_t>(edges[below + step - 1] < number);
    }
    // Two by two, as every processor can: -1 for each edge below.
    const PairOfIntegers are_below =
        (LoadedPair(edges + below) < number) + (LoadedPair(edges + below + kFour / 2) < number);
    return static_cast<std::uint32_t>(below - static_cast<std::size_t>(are_below[0] + are_below[1]));
  }

  // Among integers, which a double need not hold. REQUIRES: the kind is another; number is KeyToDouble(key) of it.
  std::uint32_t FindKey(std::uint64_t key, double number) const {
    const std::uint64_t* const edges = keys_.data();
    std::size_t below = first_.data()[SlotOf(number)];
    for (std::size_t step = widest_step_; step > 0; step /= 2) {
      below += step & -static_cast<std::size_t>(edges[below + step - 1] < key);
    }
    return static_cast<std::uint32_t>(below);
  }

 private:
  // Never falls as `number` rises.
  std::size_t SlotOf(double number) const {
    double slot = (number - origin_) * slots_per_unit_;
    slot = slot < last_slot_ ? slot : last_slot_;
    return static_cast<std::size_t>(static_cast<std::int64_t>(slot > 0 ? slot : 0));
  }
  void MakeSlots(std::span<const std::uint64_t> edges, KeyKind kind);
  void SetSteps(std::size_t most, KeyKind kind);
  void Pad(std::span<const std::uint64_t> edges, KeyKind kind);

  double origin_ = 0, slots_per_unit_ = 0, last_slot_ = 0;
  std::size_t widest_step_ = 0;       // a power of two that is enough for the fullest slot; 0: none is needed
  std::vector<std::uint32_t> first_;  // edges in the slots before
  // The edges of one kind; then the largest there is, as often as the steps may look beyond the end.
  std::vector<double> numbers_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace drift

#endif  // DRIFT_CELL_SEARCH_H_
