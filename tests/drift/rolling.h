#ifndef DRIFTSERVE_TESTS_DRIFT_ROLLING_H_
#define DRIFTSERVE_TESTS_DRIFT_ROLLING_H_

#include <cstdint>
#include <optional>

namespace drift::testing {

// A model with one normal feature, watched through a rolling window of an hour (statistics.md §4).
struct RollingWatch {
  int rows_per_hour = 500;
  int seconds_between_evaluations = 60;
  double psi_warn = 0.1;
  double shift = 0;  // of the traffic's mean, in standard deviations, all day
  int reference_rows = 10'000;
};

struct WatchedDay {
  int alarms = 0;           // entries into `warning` or `drifted` by PSI
  bool usual_rule = false;  // "p ≤ 0.05 in 3 of the last 5 evaluations" would have fired at least once
};

// 24 hours after the window has filled, with a reference of its own.
WatchedDay WatchOneDay(const RollingWatch& watch, std::uint64_t seed);

// Minutes from a jump of the mean by `jump` to the alarm; nullopt if none came within four hours.
std::optional<double> MinutesUntilFound(const RollingWatch& watch, double jump, std::uint64_t seed);

// The shift of a normal mean whose PSI over the ten decile bins is this.
double ShiftOfPsi(double psi);

}  // namespace drift::testing

#endif  // DRIFTSERVE_TESTS_DRIFT_ROLLING_H_
