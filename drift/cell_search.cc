#include "drift/cell_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace drift {
namespace {

constexpr double kTail = 0.002;  // share of the edges on each side that the slots need not resolve

}  // namespace

CellSearch::CellSearch(std::span<const std::uint64_t> sorted_edges, KeyKind kind)
    : edges_(sorted_edges.begin(), sorted_edges.end()) {
  const std::size_t count = edges_.size();
  std::size_t slots = 1;
  if (count > 1) {
    const auto tail = static_cast<std::size_t>(kTail * static_cast<double>(count));
    const double low = KeyToDouble(edges_[tail], kind), high = KeyToDouble(edges_[count - 1 - tail], kind);
    while (slots < 2 * count) slots *= 2;
    const double scale = static_cast<double>(slots) / (high / 2 - low / 2) / 2;  // high − low may not fit a double
    // Else one slot holds everything; an infinite (number − origin) · scale is clamped, and 0 · ∞ must not come up.
    if (std::isfinite(scale) && scale > 0) {
      origin_ = low;
      slots_per_unit_ = scale;
      last_slot_ = static_cast<double>(slots - 1);
    }
  }
  first_.assign(slots + 1, 0);
  for (const std::uint64_t edge : edges_) ++first_[SlotOf(KeyToDouble(edge, kind)) + 1];
  const std::uint32_t most = *std::max_element(first_.begin(), first_.end());
  for (std::size_t slot = 0; slot < slots; ++slot) first_[slot + 1] += first_[slot];
  widest_step_ = most > 0 ? 1 : 0;
  while (most > 0 && 2 * widest_step_ <= most) widest_step_ *= 2;
  // Steps of 2^k, …, 2, 1 look at most 2^(k+1) − 1 edges ahead.
  edges_.insert(edges_.end(), 2 * widest_step_, std::numeric_limits<std::uint64_t>::max());
}

}  // namespace drift
