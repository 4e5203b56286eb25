#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "deploy/demo/flight_rows.h"
#include "deploy/demo/replay_results.h"
#include "server/base/clock.h"

namespace driftserve {

struct ReplaySettings {
  std::string server = "127.0.0.1:8001";
  std::string model = "flight_delay";
  int64_t day_ns = 400'000'000;      // one replayed day
  int in_flight = 256;               // requests open at once, at most
  int64_t timeout_ns = 5'000'000'000;  // of one request
  int64_t connect_ns = 10'000'000'000;
  int give_up_after = 1000;  // failures in a row
};

/// Sends every flight as one Predict request when its scheduled departure has come — one replayed day lasts
/// settings.day_ns — reports its label when it has landed, and fills `results`; draws the progress. One thread, the
/// caller's, sends and receives.
/// A full `in_flight` delays what comes next, and the delay is noted; nothing is left out.
/// UNAVAILABLE: no connection in time, or give_up_after failures in a row.
absl::Status Replay(const FlightRows& flights, const ReplaySettings& settings, const Clock& clock,
                    ReplayResults& results);

}  // namespace driftserve
