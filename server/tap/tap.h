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
  size_t samples = 4096;
  size_t bytes = size_t{64} << 20;
};

/// One serving thread's end of the tap. Never blocks. Used by that thread only, except where said.
///
/// Dropped: a sample that finds the ring full (entries or bytes). Its rows are counted per stratum in the watched
/// model and in dropped_samples().
class TapProducer {
 public:
  explicit TapProducer(TapLimits limits);

  /// An empty sample to fill; recycled where one came back. Its `owner` is what was handed over before, spent, or null:
  /// the caller takes it out and uses it again.
  std::unique_ptr<Sample> NewSample();

  /// Hands `sample` to the observer. False when the ring was full: the rows were counted as dropped, and `sample`
  /// stays with the caller.
  bool Offer(std::unique_ptr<Sample>& sample);

  /// A sample that was not offered goes back to the thread's own stock.
  void Recycle(std::unique_ptr<Sample> sample);

  /// Observer only: the next sample; null when there is none.
  std::unique_ptr<Sample> Take();
  /// Observer only: gives a spent sample back. Destroyed instead where the return ring is full.
  void Return(std::unique_ptr<Sample> sample);

  /// Anyone.
  uint64_t dropped_samples() const { return dropped_samples_.Read(); }
  uint64_t queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }

 private:
  const TapLimits limits_;
  SpscRing<std::unique_ptr<Sample>> ring_;
  SpscRing<std::unique_ptr<Sample>> returned_;
  std::vector<std::unique_ptr<Sample>> stock_;  // serving thread's own
  std::atomic<uint64_t> queued_bytes_{0};
  SingleWriterCounter dropped_samples_;
};

/// The edge of the hot path: all producers, and the one consumer that drains them. Thread-safe.
class Tap {
 public:
  explicit Tap(TapLimits limits) : limits_(limits) {}

  /// A producer for a thread that starts serving; lives as long as the tap.
  TapProducer* AddProducer();

  /// Observer only: producers known now, for draining in turn.
  std::vector<TapProducer*> producers() const;

 private:
  const TapLimits limits_;
  mutable std::mutex mutex_;  // guards producers_
  std::vector<std::unique_ptr<TapProducer>> producers_;
};

}  // namespace driftserve
