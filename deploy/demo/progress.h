#pragma once

#include <cstddef>
#include <cstdint>

namespace driftserve {

/// What a person sees of a replay on the standard error output: one bar that is drawn anew five times a second where
/// that is a terminal, else a line at the end of each month. One thread.
class Progress {
 public:
  /// `total` rows; `now_ns` as given to every call, monotonic.
  Progress(size_t total, int64_t now_ns);

  /// Cheap when nothing is to be drawn.
  void Update(int month, size_t done, uint64_t failed, int64_t now_ns);
  void MonthEnded(int month, size_t done, uint64_t failed, int64_t now_ns);

 private:
  void Draw(int month, size_t done, uint64_t failed, int64_t now_ns);

  const size_t total_;
  const bool terminal_;
  const int64_t start_ns_;
  int64_t drawn_ns_;
  size_t drawn_done_ = 0;
  double rate_ = 0;  // rows a second since the last drawing
};

}  // namespace driftserve
