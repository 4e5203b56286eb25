#include "server/base/clock.h"

#include <ctime>

namespace driftserve {
namespace {

int64_t Read(clockid_t id) {
  timespec time;
  clock_gettime(id, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

class SystemClock final : public Clock {
 public:
  int64_t MonotonicNanos() const override { return Read(CLOCK_MONOTONIC); }
  int64_t UnixNanos() const override { return Read(CLOCK_REALTIME); }
  int64_t ThreadCpuNanos() const override { return Read(CLOCK_THREAD_CPUTIME_ID); }
};

}  // namespace

const Clock& Clock::System() {
  static const SystemClock* const clock = new SystemClock;
  return *clock;
}

}  // namespace driftserve
