#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

namespace driftserve {

/// A bounded queue between exactly one producer thread and one consumer thread. Neither ever waits.
///
/// Thread safety: HasRoom and TryPush by the producer only, TryPop by the consumer only; size() by anyone (a recent
/// value).
/// Lifetime: elements still inside are destroyed with the ring.
template <typename T>
class SpscRing {
 public:
  /// `capacity` is rounded up to a power of two.
  explicit SpscRing(size_t capacity) : slots_(std::bit_ceil(capacity < 2 ? size_t{2} : capacity)), mask_(slots_.size() - 1) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  /// Whether the next TryPush finds room.
  bool HasRoom() {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - known_head_ < slots_.size()) return true;
    known_head_ = head_.load(std::memory_order_acquire);
    return tail - known_head_ < slots_.size();
  }

  /// False, and `value` untouched, when the ring is full.
  bool TryPush(T&& value) {
    if (!HasRoom()) return false;
    const size_t tail = tail_.load(std::memory_order_relaxed);
    slots_[tail & mask_] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// False when the ring is empty.
  bool TryPop(T& value) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == known_tail_) {
      known_tail_ = tail_.load(std::memory_order_acquire);
      if (head == known_tail_) return false;
    }
    value = std::move(slots_[head & mask_]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  size_t size() const { return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_acquire); }
  size_t capacity() const { return slots_.size(); }

 private:
  std::vector<T> slots_;
  const size_t mask_;
  // The two ends on lines of their own, so that producer and consumer do not take them from each other; each side
  // keeps its last reading of the other's end beside its own.
  alignas(64) std::atomic<size_t> tail_{0};
  size_t known_head_ = 0;
  alignas(64) std::atomic<size_t> head_{0};
  size_t known_tail_ = 0;
};

}  // namespace driftserve
