#ifndef DRIFT_GAUSSIAN_DIRECTIONS_H_
#define DRIFT_GAUSSIAN_DIRECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace drift {

// Element `element` of direction `direction`: standard normal, a function of its arguments alone and equal on every
// platform. A hash of the three (SplitMix64's finaliser, Steele, Lea & Flood 2014) goes through the normal quantile
// (PPND7 of Wichura's AS 241, 1988: right to 1e-7), written with operations that IEEE 754 rounds one way only.
float GaussianElement(std::uint64_t seed, std::uint64_t direction, std::uint64_t element);

// Projections onto such directions. What was generated is kept up to a limit; beyond it elements are generated again
// for each row, which is slower and gives the same. Single-threaded.
class GaussianDirections {
 public:
  static constexpr std::size_t kKeptElements = std::size_t{16} << 20;  // 64 MiB: 64 directions of 512 × 512

  explicit GaussianDirections(std::size_t kept_elements = kKeptElements) : kept_elements_(kept_elements) {}

  // Σ g x over the finite elements of `row`, summed in a fixed order.
  double Project(std::uint64_t seed, std::uint64_t direction, std::span<const double> row);

  // How many elements are kept now.
  std::size_t kept() const { return kept_; }

 private:
  std::span<const float> Kept(std::uint64_t seed, std::uint64_t direction, std::size_t elements);

  const std::size_t kept_elements_;
  std::size_t kept_ = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<float>> directions_;
};

}  // namespace drift

#endif  // DRIFT_GAUSSIAN_DIRECTIONS_H_
