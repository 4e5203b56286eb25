#include "drift/multiplicity.h"

#include <algorithm>
#include <numeric>

namespace drift {
namespace {

std::vector<std::size_t> Ascending(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

std::vector<double> BenjaminiHochberg(std::span<const double> p_values) {
  const std::vector<std::size_t> order = Ascending(p_values);
  std::vector<double> adjusted(p_values.size());
  const auto size = static_cast<double>(p_values.size());
  double least = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    least = std::min(least, p_values[order[rank - 1]] * (size / static_cast<double>(rank)));
    adjusted[order[rank - 1]] = least;
  }
  return adjusted;
}

std::vector<double> Holm(std::span<const double> p_values) {
  const std::vector<std::size_t> order = Ascending(p_values);
  std::vector<double> adjusted(p_values.size());
  double most = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    most = std::max(most, std::min(1.0, p_values[order[rank]] * static_cast<double>(order.size() - rank)));
    adjusted[order[rank]] = most;
  }
  return adjusted;
}

}  // namespace

std::vector<double> Adjust(std::span<const double> p_values, Multiplicity rule) {
  switch (rule) {
    case Multiplicity::kBenjaminiHochberg: return BenjaminiHochberg(p_values);
    case Multiplicity::kHolm: return Holm(p_values);
    case Multiplicity::kBonferroni: break;
    case Multiplicity::kNone: return {p_values.begin(), p_values.end()};
  }
  std::vector<double> adjusted(p_values.begin(), p_values.end());
  for (double& p : adjusted) p = std::min(1.0, p * static_cast<double>(p_values.size()));
  return adjusted;
}

}  // namespace drift
