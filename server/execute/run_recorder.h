#pragma once

#include <functional>
#include <memory>

namespace driftserve {

/// What a device did once, to be done again at the same addresses with one launch.
class RecordedRun {
 public:
  virtual ~RecordedRun() = default;
  /// Queues it on the current stream. Throws as torch does.
  virtual void Replay() = 0;
};

/// Records runs whose memory is theirs together: no two of them may be under way at a time.
///
/// Thread safety: none; the thread that will replay records. Lifetime: its runs may outlive it.
class RunRecorder {
 public:
  virtual ~RunRecorder() = default;

  /// Calls `work` with a stream of its own as the current one, on the current device; the kernels are recorded instead
  /// of run. Whatever `work` or the recording throws is thrown; nothing is then being recorded.
  virtual std::unique_ptr<RecordedRun> Record(const std::function<void()>& work) = 0;
};

}  // namespace driftserve
