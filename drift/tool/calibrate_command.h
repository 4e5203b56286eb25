#pragma once

#include <string>

#include "drift/tool/history_run.h"

namespace drift {

/// `drift calibrate`: what its flags say.
struct CalibrateOptions {
  HistoryRunOptions history;        // its reference's monitor is the file that is calibrated
  double false_alarm_rate = 0.01;   // of chunks, above 0 and below 0.5
  bool in_place = false;            // write the tolerances into the monitor.yaml …
  std::string out;                  // … or a copy of it here; "-": standard output
  std::string json;                 // file; "-": standard output; empty: not written
};

/// Finds the tolerances with which chunks like these alarm at the stated rate, prints them, and edits monitor.yaml
/// where that was asked for. kDone, or kBadInput, and then no file was changed.
int RunCalibrate(const CalibrateOptions& options, const Console& console);

}  // namespace drift
