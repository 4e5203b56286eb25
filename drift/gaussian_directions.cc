#include "drift/gaussian_directions.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "drift/lane_sum.h"

namespace drift {
namespace {

constexpr std::uint64_t kGoldenGamma = 0x9E3779B97F4A7C15;

std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

// The natural logarithm of x in (0, 1], from operations that are rounded alike everywhere, as std::log need not be.
double Log(double x) {
  constexpr double kLn2 = 0x1.62e42fefa39efp-1;
  constexpr double kRootHalf = 0x1.6a09e667f3bcdp-1;
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < kRootHalf) {
    mantissa *= 2;
    --exponent;
  }
  // ln m = 2 artanh((m − 1)/(m + 1)), whose argument is below 0.172 here.
  const double s = (mantissa - 1) / (mantissa + 1);
  double series = 0;
  for (int power = 19; power >= 1; power -= 2) series = series * (s * s) + 1.0 / power;
  return exponent * kLn2 + 2 * s * series;
}

// PPND7 of AS 241: the normal quantile of p in (0, 1).
double NormalQuantile(double p) {
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
           (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
  }
  double r = std::sqrt(-Log(q < 0 ? p : 1 - p));
  double quantile;
  if (r <= 5) {
    r -= 1.6;
    quantile = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
               ((0.12021132975 * r + 0.73700164250) * r + 1.0);
  } else {
    r -= 5;
    quantile = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) /
               ((0.012258202635 * r + 0.24197894225) * r + 1.0);
  }
  return q < 0 ? -quantile : quantile;
}

std::uint64_t StreamOf(std::uint64_t seed, std::uint64_t direction) {
  return Mix(Mix(seed + kGoldenGamma) + kGoldenGamma * (direction + 1));
}

float ElementOf(std::uint64_t stream, std::uint64_t element) {
  const std::uint64_t bits = Mix(stream + kGoldenGamma * (element + 1));
  // The middle of one of 2^52 equal intervals: never 0 or 1.
  const double uniform = (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
  return static_cast<float>(NormalQuantile(uniform));
}

double Term(float direction, double x) { return std::isfinite(x) ? static_cast<double>(direction) * x : 0.0; }

}  // namespace

float GaussianElement(std::uint64_t seed, std::uint64_t direction, std::uint64_t element) {
  return ElementOf(StreamOf(seed, direction), element);
}

double GaussianDirections::Project(std::uint64_t seed, std::uint64_t direction, std::span<const double> row) {
  LaneSum sum;
  if (const std::span<const float> kept = Kept(seed, direction, row.size()); !kept.empty()) {
    sum.Add(row.size(), [&](std::size_t i) { return Term(kept[i], row[i]); });
    return sum.total();
  }
  const std::uint64_t stream = StreamOf(seed, direction);
  std::array<float, 256> block;
  for (std::size_t start = 0; start < row.size(); start += block.size()) {
    const std::span<const double> part = row.subspan(start, std::min(block.size(), row.size() - start));
    for (std::size_t i = 0; i < part.size(); ++i) block[i] = ElementOf(stream, start + i);
    sum.Add(part.size(), [&](std::size_t i) { return Term(block[i], part[i]); });
  }
  return sum.total();
}

std::span<const float> GaussianDirections::Kept(std::uint64_t seed, std::uint64_t direction, std::size_t elements) {
  std::vector<float>& kept = directions_[{seed, direction}];
  if (kept.size() < elements) {
    const std::size_t more = elements - kept.size();
    if (more > kept_elements_ - kept_) return {};
    const std::uint64_t stream = StreamOf(seed, direction);
    kept.reserve(elements);
    while (kept.size() < elements) kept.push_back(ElementOf(stream, kept.size()));
    kept_ += more;
  }
  return {kept.data(), elements};
}

}  // namespace drift
