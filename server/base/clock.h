#pragma once

#include <cstdint>

namespace driftserve {

/// Where every other file gets its time from. Thread-safe.
/// Monotonic time orders and measures; Unix time is what records, panes and people see.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Nanoseconds since an arbitrary start; never goes back.
  virtual int64_t MonotonicNanos() const = 0;

  /// Nanoseconds since 1970-01-01 UTC; may be set back by an administrator.
  virtual int64_t UnixNanos() const = 0;

  /// CPU time of the calling thread, nanoseconds.
  virtual int64_t ThreadCpuNanos() const = 0;

  /// The machine's clocks; lives for ever.
  static const Clock& System();
};

}  // namespace driftserve
