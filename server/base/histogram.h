#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "server/base/counter.h"

namespace driftserve {

/// A histogram over fixed bounds that one thread writes and any thread reads, for the hot path.
///
/// Bounds are powers of two times the lowest: bucket i counts values ≤ lowest · 2^i, the last one everything above.
/// Finding the bucket is one count-leading-zeros. `kLowest` is in the unit of the observed values.
template <uint64_t kLowest, size_t kBuckets>
class Log2Histogram {
 public:
  static constexpr size_t kBucketCount = kBuckets + 1;

  void Observe(uint64_t value) {
    const uint64_t scaled = value == 0 ? 0 : (value - 1) / kLowest;
    const size_t index = static_cast<size_t>(std::bit_width(scaled));
    buckets_[index < kBuckets ? index : kBuckets].Add();
    sum_.Add(value);
  }

  /// Upper bound of bucket `index`, inclusive; the bucket kBuckets has none.
  static constexpr uint64_t Bound(size_t index) { return kLowest << index; }
  uint64_t Count(size_t index) const { return buckets_[index].Read(); }
  uint64_t Sum() const { return sum_.Read(); }

 private:
  std::array<SingleWriterCounter, kBucketCount> buckets_;
  SingleWriterCounter sum_;
};

/// Durations: 16 µs, 32 µs, … 8.6 s. Values in nanoseconds.
using DurationHistogram = Log2Histogram<16'000, 20>;
/// Rows of a batch: 1, 2, 4, … 4096.
using RowsHistogram = Log2Histogram<1, 13>;

}  // namespace driftserve
