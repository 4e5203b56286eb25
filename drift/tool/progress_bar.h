#pragma once

#include <cstdint>
#include <string>

#include "drift/tool/console.h"

namespace drift {

/// A line on standard error that says how far a long piece of work has come; shown on a terminal only, from the second
/// second on, a few times a second, and taken away at the end.
class ProgressBar {
 public:
  /// `console` must outlive it. Quiet: nothing is ever shown.
  ProgressBar(const Console& console, std::string what, bool quiet);
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` from 0 to 1; below 0: not known.
  void Show(double done, uint64_t rows);
  void Clear();

 private:
  const Console& console_;
  const std::string what_;
  const bool visible_;
  const int64_t start_ns_;
  int64_t shown_ns_ = 0;
  size_t width_ = 0;  // of the line that is shown
};

}  // namespace drift
