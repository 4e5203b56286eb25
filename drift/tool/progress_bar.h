#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "drift/tool/console.h"

namespace drift {

enum class ShowProgress {
  kNever,
  kOnTerminal,  // from the second second on, and taken away at the end
  kAlways,      // from the beginning, in a file too, and left there
};

/// A line on standard error that says how far a long piece of work has come, a few times a second.
class ProgressBar {
 public:
  /// `console` must outlive it.
  ProgressBar(const Console& console, std::string what, ShowProgress show);
  /// On a terminal, unless quiet.
  ProgressBar(const Console& console, std::string what, bool quiet)
      : ProgressBar(console, std::move(what), quiet ? ShowProgress::kNever : ShowProgress::kOnTerminal) {}
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` from 0 to 1; below 0: not known.
  void Show(double done, uint64_t rows);
  void Clear();

 private:
  const Console& console_;
  const std::string what_;
  const bool visible_, patient_;
  const int64_t start_ns_;
  int64_t shown_ns_ = 0;
  size_t width_ = 0;  // of the line that is shown
};

}  // namespace drift
