#ifndef DRIFT_CELL_SEARCH_H_
#define DRIFT_CELL_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drift/dtype.h"

namespace drift {

// Finds the right-closed cell of a key among sorted edges: the number of edges below the key. The number behind the
// key is first mapped on one of many slots of equal width, which leaves the few edges of that slot; among these a
// fixed number of halving steps follows, without a branch. Equal-mass edges of common distributions leave two to
// four steps, and no distribution needs more than a plain binary search. Constant after construction.
class CellSearch {
 public:
  CellSearch() : CellSearch(std::span<const std::uint64_t>(), KeyKind::kUnsigned) {}
  CellSearch(std::span<const std::uint64_t> sorted_edges, KeyKind kind);

  // REQUIRES: number is KeyToDouble(key) of the kind given.
  std::uint32_t Find(std::uint64_t key, double number) const {
    const std::uint64_t* const edges = edges_.data();
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

  double origin_ = 0, slots_per_unit_ = 0, last_slot_ = 0;
  std::size_t widest_step_ = 0;       // a power of two: the most edges of a slot are under twice as many; 0: none
  std::vector<std::uint32_t> first_;  // edges in the slots before
  std::vector<std::uint64_t> edges_;  // then the largest key, as often as the steps may look beyond the end
};

}  // namespace drift

#endif  // DRIFT_CELL_SEARCH_H_
