#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "server/base/counter.h"
#include "server/base/spsc_ring.h"
#include "server/tap/sample.h"

namespace driftserve {

/// Bounds of each serving thread's ring.
struct TapLimits {
  size_t samples = 4096;             // entries, rounded up to a power of two
  size_t bytes = size_t{64} << 20;   // sum of Sample::byte_size; a sample above it is never taken
};

/// One serving thread's end of the tap. Never blocks. Used by that thread only, except where said.
///
/// Dropped: a sample that finds the ring full (entries or bytes). Its rows are counted per stratum in the watched
/// model and in dropped_samples().
/// Spent samples come back by a second ring, for their owner's messages and their own capacity to be used again; what
/// would make them hold more than a quarter of the byte bound, or one above kRecycledBytes, is destroyed instead.
class TapProducer {
 public:
  static constexpr size_t kRecycledBytes = size_t{1} << 20;
  static constexpr size_t kStockSamples = 64;

  explicit TapProducer(TapLimits limits);

  /// An empty sample to fill; recycled where one came back. Its `owner` is what was handed over before, spent, or null:
  /// the caller takes it out and uses it again.
  std::unique_ptr<Sample> NewSample();

  /// Hands `sample` to the observer, its rows counted as kept. False when the ring was full: the rows were counted as
  /// dropped, and `sample` stays with the caller.
  bool Offer(std::unique_ptr<Sample>& sample);

  /// A sample that was not offered goes back to the thread's own stock.
  void Recycle(std::unique_ptr<Sample> sample);

  /// Observer only: the next sample, in the order of the offers; null when there is none.
  std::unique_ptr<Sample> Take();
  /// Observer only: gives a spent sample back, emptied but for its owner.
  void Return(std::unique_ptr<Sample> sample);

  /// Anyone; recent values.
  uint64_t dropped_samples() const { return dropped_samples_.Read(); }
  uint64_t queued_bytes() const { return Difference(offered_bytes_, taken_bytes_); }

 private:
  static uint64_t Difference(const SingleWriterCounter& in, const SingleWriterCounter& out) {
    const uint64_t left = out.Read();
    const uint64_t came = in.Read();
    return came > left ? came - left : 0;  // a third thread may see the two in any order
  }
  bool HasRoom(size_t bytes);
  std::unique_ptr<Sample> TakeReturned();
  void Drop(const Sample& sample);

  const TapLimits limits_;
  SpscRing<std::unique_ptr<Sample>> ring_;
  SpscRing<std::unique_ptr<Sample>> returned_;
  // The serving thread's own.
  std::vector<std::unique_ptr<Sample>> stock_;
  std::unique_ptr<Sample> next_;    // came back, and is used next
  uint64_t known_taken_bytes_ = 0;  // its last reading of taken_bytes_
  // Written by the serving thread …
  alignas(64) SingleWriterCounter offered_bytes_;
  SingleWriterCounter reused_bytes_;
  SingleWriterCounter dropped_samples_;
  // … and by the observer.
  alignas(64) SingleWriterCounter taken_bytes_;
  SingleWriterCounter returned_bytes_;
};

/// The edge of the hot path: all producers, and the one consumer that drains them. Thread-safe.
class Tap {
 public:
  explicit Tap(TapLimits limits) : limits_(limits) {}

  /// A producer for a thread that starts serving; lives as long as the tap.
  TapProducer* AddProducer();

  /// Producers known now, in the order they were added: for the observer, which drains them in turn, and for gauges.
  std::vector<TapProducer*> producers() const;

 private:
  const TapLimits limits_;
  mutable std::mutex mutex_;  // guards producers_
  std::vector<std::unique_ptr<TapProducer>> producers_;
};

}  // namespace driftserve
