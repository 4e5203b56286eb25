#ifndef DRIFT_MONITOR_H_
#define DRIFT_MONITOR_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift {

// The statistics. PSI and KS are tested and make states; the others are values without a threshold of their own.
enum class Measure : std::uint8_t {
  kPsi, kKs, kWasserstein, kJensenShannon, kHellinger, kLInfinity, kChiSquare,
};
std::string_view Name(Measure measure);  // "psi", "ks", "wasserstein", "jensen_shannon", …

// How p-values of one family (model, view, measure, level) are adjusted before they make a state.
enum class Multiplicity : std::uint8_t { kBenjaminiHochberg, kHolm, kBonferroni, kNone };
std::string_view Name(Multiplicity multiplicity);  // "benjamini_hochberg", "holm", "bonferroni", "none"

struct WindowSettings {
  std::int64_t length_ns = 3'600'000'000'000;  // 1 h; at least one pane of 1 ms
  int panes = 60;                              // 2 to 1440; 20 or more for the measured covariance
  std::size_t byte_limit = 64u << 20;          // reaching it joins panes two by two, which is counted
};

struct ThresholdSettings {
  double psi_warn = 0.1, psi_alert = 0.25;  // ψ0 of the two levels, ≥ 0
  double ks_warn = 0.1, ks_alert = 0.2;     // D0 of the two levels, 0 to 1
  double alpha = 0.05;                      // level of the thresholds that a person reads; 1e-6 to 0.5
  Multiplicity multiplicity = Multiplicity::kBenjaminiHochberg;
};

struct DecisionSettings {
  double false_alarms_per_day = 0.05;  // per model and measure; sets the level at which states change
  int debounce_of = 5;                 // n: state changes look at the last n evaluations, 1 to 32 …
  int debounce_hits = 3;               // k: … and need k of them, 1 to n
  std::int64_t observation_period_ns = 14ll * 24 * 3'600'000'000'000;  // values yes, alerts no; ≥ 0
};

struct EvaluatorSettings {
  ThresholdSettings thresholds;
  DecisionSettings decision;
  // Level at which states change. Unset: from the alarm rate, since a rolling window is looked at again and again; a
  // batch is judged once, at `alpha`.
  std::optional<double> state_alpha;  // 1e-12 to 0.5
  double dataset_drift_share = 0.5;  // share of drifted features that makes the model drifted, 0 to 1
  std::vector<Measure> measures = {Measure::kPsi, Measure::kKs};
  std::map<std::string, std::vector<Measure>> feature_measures;  // by feature name; instead of `measures`
};

}  // namespace drift

#endif  // DRIFT_MONITOR_H_
