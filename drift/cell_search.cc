#include "drift/cell_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace drift {
namespace {

constexpr double kTail = 0.002;  // share of the edges on each side that the slots need not resolve

// Below zero lies a key that only an edge has, that of -0.0, which as a number would not be below zero.
double NumberOfEdge(std::uint64_t key) {
  const double number = FloatingOfKey(key);
  return number == 0 && std::signbit(number) ? -std::numeric_limits<double>::denorm_min() : number;
}

}  // namespace

CellSearch::CellSearch(std::span<const std::uint64_t> sorted_edges, KeyKind kind) {
  MakeSlots(sorted_edges, kind);
  Pad(sorted_edges, kind);
}

void CellSearch::MakeSlots(std::span<const std::uint64_t> edges, KeyKind kind) {
  const std::size_t count = edges.size();
  std::size_t slots = 1;
  if (count > 1) {
    const auto tail = static_cast<std::size_t>(kTail * static_cast<double>(count));
    const double low = KeyToDouble(edges[tail], kind), high = KeyToDouble(edges[count - 1 - tail], kind);
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
  for (const std::uint64_t edge : edges) ++first_[SlotOf(KeyToDouble(edge, kind)) + 1];
  const std::uint32_t most = *std::max_element(first_.begin(), first_.end());
  for (std::size_t slot = 0; slot < slots; ++slot) first_[slot + 1] += first_[slot];
  SetSteps(most, kind);
}

// Steps of 2^k, …, 2, 1 are enough for 2^(k+1) − 1 edges; those of numbers end with four edges at once, and are enough
// for 2^(k+1).
void CellSearch::SetSteps(std::size_t most, KeyKind kind) {
  if (kind == KeyKind::kFloating) {
    for (std::size_t enough = kFour; enough < most; enough *= 2) widest_step_ = enough;
    return;
  }
  for (std::size_t step = 1; step <= most; step *= 2) widest_step_ = step;
}

void CellSearch::Pad(std::span<const std::uint64_t> edges, KeyKind kind) {
  const std::size_t ahead = 2 * widest_step_ + kFour;
  if (kind == KeyKind::kFloating) {
    numbers_.reserve(edges.size() + ahead);
    for (const std::uint64_t edge : edges) numbers_.push_back(NumberOfEdge(edge));
    numbers_.insert(numbers_.end(), ahead, std::numeric_limits<double>::infinity());
  } else {
    keys_.assign(edges.begin(), edges.end());
    keys_.insert(keys_.end(), ahead, std::numeric_limits<std::uint64_t>::max());
  }
}

}  // namespace drift
