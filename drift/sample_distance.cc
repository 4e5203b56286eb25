#include "drift/sample_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace drift {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

constexpr double kLargest = std::numeric_limits<double>::max();

// max |n a − m b| over the values, a and b the rows of the reference and of the current sample up to there. A row is
// passed at a time, from the sample whose next value is smaller, without a branch that depends on it; where both have
// a value more often, only what stands after the last row of it counts.
template <typename Integer>
Integer LargestStep(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  const auto m = static_cast<Integer>(reference.size()), n = static_cast<Integer>(current.size());
  const std::uint64_t *const a = reference.data(), *const b = current.data();
  std::size_t i = 0, j = 0;
  Integer off = 0, most = 0, least = 0;
  while (i < reference.size() && j < current.size()) {
    const std::uint64_t key = std::min(a[i], b[j]);
    const bool of_reference = a[i] == key, of_current = b[j] == key;
    off += (of_reference ? n : 0) - (of_current ? m : 0);
    i += of_reference;
    j += of_current;
    const bool last = (i == reference.size() || a[i] != key) & (j == current.size() || b[j] != key);
    most = last && most < off ? off : most;
    least = last && off < least ? off : least;
  }
  // Whichever is left only comes back to zero, but for more rows of the last value, which were not compared yet.
  const std::uint64_t key = std::max(i > 0 ? a[i - 1] : 0, j > 0 ? b[j - 1] : 0);
  for (; i < reference.size() && a[i] == key; ++i) off += n;
  for (; j < current.size() && b[j] == key; ++j) off -= m;
  return std::max({most, static_cast<Integer>(-least), off, static_cast<Integer>(-off)});
}

}  // namespace

SampleDistance MeasureSamples(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  SampleDistance distance;
  if (reference.empty() || current.empty()) return distance;
  const bool narrow = static_cast<UnsignedWide>(reference.size()) * current.size() < UnsignedWide{1} << 62;
  const Wide steps = narrow ? static_cast<Wide>(LargestStep<std::int64_t>(reference, current))
                            : LargestStep<Wide>(reference, current);
  distance.ks = DistanceOfSteps(reference.size(), current.size(), static_cast<UnsignedWide>(steps));
  return distance;
}

// Each number is divided by the deviation before differences are taken: the range of huge values may not fit.
double WassersteinOfSamples(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current,
                            KeyKind kind, double standard_deviation) {
  if (reference.empty() || current.empty() || !(standard_deviation > 0)) return 0;
  const double m = static_cast<double>(reference.size()), n = static_cast<double>(current.size());
  std::size_t i = 0, j = 0;
  double area = 0, before = 0, off = 0;
  while (i < reference.size() || j < current.size()) {
    const bool of_reference = j == current.size() || (i < reference.size() && reference[i] <= current[j]);
    const double number = KeyToDouble(of_reference ? reference[i] : current[j], kind);
    const double at = std::clamp(number / standard_deviation, -kLargest, kLargest);
    if (off != 0) area += std::fabs(off) * (at - before);
    before = at;
    of_reference ? ++i : ++j;
    off = static_cast<double>(i) / m - static_cast<double>(j) / n;
  }
  return std::min(area, kLargest);
}

}  // namespace drift
