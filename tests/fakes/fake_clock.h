#pragma once

#include <atomic>
#include <cstdint>

#include "server/base/clock.h"

namespace driftserve {

/// A clock that stands still until it is told otherwise. Thread-safe.
/// Unix time starts at a whole second so that tests read well; both times move together with Advance.
class FakeClock final : public Clock {
 public:
  static constexpr int64_t kStartUnixNanos = 1'700'000'000'000'000'000;

  int64_t MonotonicNanos() const override { return monotonic_.load(); }
  int64_t UnixNanos() const override { return unix_.load(); }
  int64_t ThreadCpuNanos() const override { return thread_cpu_.load(); }

  void Advance(int64_t nanos) {
    monotonic_ += nanos;
    unix_ += nanos;
  }
  void AdvanceSeconds(int64_t seconds) { Advance(seconds * 1'000'000'000); }

  /// An administrator sets the time: only the Unix clock jumps.
  void SetUnix(int64_t nanos) { unix_ = nanos; }

  /// CPU time is its own: nothing but this moves it.
  void AdvanceThreadCpu(int64_t nanos) { thread_cpu_ += nanos; }

 private:
  std::atomic<int64_t> monotonic_{1'000'000'000};
  std::atomic<int64_t> unix_{kStartUnixNanos};
  std::atomic<int64_t> thread_cpu_{0};
};

}  // namespace driftserve
