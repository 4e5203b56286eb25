#ifndef DRIFT_EVALUATION_H_
#define DRIFT_EVALUATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/monitor.h"
#include "drift/reference.h"
#include "drift/shared_text.h"

namespace drift {

// The result of one evaluation: plain data, safe to publish behind a shared_ptr<const>. Every double is finite;
// what does not exist is an empty optional, never 0 and never NaN.

enum class State : std::uint8_t { kWarming, kObserving, kStable, kWarning, kDrifted, kStale };
std::string_view Name(State state);  // "warming", "observing", "stable", "warning", "drifted", "stale"

struct MeasureResult {
  Measure measure = Measure::kPsi;
  double value = 0;
  std::optional<double> value_upper;     // KS: the true D is in [value, value_upper]; equal where D is exact
  std::optional<double> bias_corrected;  // PSI less what chance alone adds; may be negative
  // The feature's own, unadjusted, at `alpha`: PSI and KS only.
  std::optional<double> warn_threshold, alert_threshold;
  std::optional<double> p_value, p_value_alert;  // of "at most the warn / alert level"
  std::optional<double> p_value_no_drift;        // of "no drift at all"
  State state = State::kStable;
};

// One PSI bin of a feature, for the page and the additive gauges. The last one is MISSING.
struct Bin {
  SharedText label;                    // "(3, 7.5]", "UA", "other", "unseen", "missing"
  std::optional<double> lower, upper;  // numeric; empty where open-ended, and for MISSING
  double reference_share = 0;
  std::optional<double> current_share;  // weighted; empty while no row was kept
};

struct FeatureResult {
  std::string name;
  Role role = Role::kFeature;
  Kind kind = Kind::kNumeric;
  bool ready = false;
  std::string reason;           // why not ready: what there is and what is needed; or "constant"
  double kept_rows = 0;         // missing values included
  double effective_samples = 0; // n_d
  double kish_samples = 0;      // (Σw)²/Σw²: readable, but no test uses it
  double design_effect = 1;     // measured over model variance of the bin shares
  double reference_missing_ratio = 0;
  std::optional<double> missing_ratio, missing_p_value;  // weighted; two-proportion p
  std::vector<MeasureResult> measures;  // empty unless ready; a constant has no PSI, a category no KS
  std::vector<Bin> bins;
  State state = State::kWarming;  // the worst of its measures
};

// The population (stratum empty) or one stratum.
struct ViewResult {
  std::string stratum;
  double rows_seen = 0, rows_kept = 0;
  std::vector<FeatureResult> features;  // in the reference's order
};

// One detector of change on the stream of weighted errors.
struct DetectorResult {
  std::string detector;  // "adwin", "ddm", "page_hinkley"
  State state = State::kWarming;
  std::optional<double> value, threshold;  // the detector's own statistic and where it alarms
  std::uint64_t alarms = 0;
  std::optional<std::int64_t> last_alarm_ns;  // Unix time of the prediction whose label made the alarm
  bool last_alarm_rose = false;               // the error was higher than before; false: lower, or there was no alarm
};

// How wrong the predictions of a span of time were, by the labels that came.
struct QualityPoint {
  std::int64_t time_ns = 0;  // start of the span
  double error = 0;          // weighted mean
  double labels = 0;         // joined labels in it
};

// Concept drift: the predictions against the labels that arrived later (statistics.md §5).
struct ConceptResult {
  std::string error;  // "log_loss", "absolute_error", "squared_error", "zero_one"
  State state = State::kWarming;
  std::string reason;                            // why warming: what there is and what is needed
  std::optional<double> join_rate;               // sampled predictions past the time limit that got their label
  std::optional<double> label_lag_seconds;       // median, from prediction to label
  std::optional<double> label_lag_90_seconds;    // nine of ten labels came within it
  std::optional<double> mean_error;              // weighted, over the window
  std::optional<double> mean_error_standard_error;  // what chance leaves in it; absent below two labels
  std::uint64_t labels_joined = 0;
  std::vector<DetectorResult> detectors;
  std::vector<QualityPoint> timeline;  // oldest first
};

// StateChange::detector of the verdict of all detectors.
inline constexpr std::string_view kConceptVerdict = "all";

struct StateChange {
  std::string stratum;             // empty: the population
  std::string feature;             // empty: the model as a whole
  Role role = Role::kFeature;
  std::optional<Measure> measure;  // empty for the model
  State from = State::kWarming, to = State::kWarming;
  std::optional<double> value, threshold, p_value;  // against the level that was crossed; the model: drifted share
  std::string detector;  // of concept drift: "adwin", …, or kConceptVerdict, whose value is the mean error; else empty
};

struct Evaluation {
  std::int64_t time_ns = 0;
  ViewResult population;
  std::vector<ViewResult> strata;
  double drifted_share = 0;  // of the ready features (not predictions, not labels)
  State model_state = State::kWarming;
  std::optional<ConceptResult> concept_drift;  // empty where no labels are declared
  std::vector<std::string> warnings;
  std::vector<StateChange> changes;
};

}  // namespace drift

#endif  // DRIFT_EVALUATION_H_
