#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/detector.h"
#include "drift/error_measure.h"
#include "drift/monitor.h"
#include "drift/reference.h"
#include "drift/reduction.h"

namespace drift {

/// One watched value per row: where it stands and what it is. k projections are k of them, `<declared>_0` and on.
struct FeatureSpec {
  std::string name;
  std::string declared;      // the name in monitor.yaml
  std::string tensor;        // input of the model for a feature, output for a prediction
  int64_t column = 0;        // element of the row; without meaning where `reduce` is set
  std::optional<Kind> kind;  // unset: text, booleans and numbers with few distinct values are categorical
  ReduceSpec reduce;
  std::vector<Measure> measures;  // empty: psi and ks

  bool reduced() const { return reduce.reduction != Reduction::kNone; }
  /// FeatureReference::reduction of the reference of this feature.
  std::string reduction() const { return reduced() ? Describe(reduce, tensor) : ""; }
};

enum class SamplingKeySource { kSequence, kRequestId };
enum class StratumFrom { kNone, kFeature, kMetadata, kParameter };

struct SamplingSettings {
  SamplingKeySource key = SamplingKeySource::kSequence;
  StratumFrom stratum_from = StratumFrom::kNone;
  std::string stratum_name;             // of the feature, the metadata key or the request parameter
  std::map<std::string, double> rates;  // stratum → rate, 0–1; at most 64
  double default_rate = 0.01;           // rows of every other stratum, 0–1
  uint64_t seed = 0;
  /// A hash of all the above: replicas with equal rules have equal versions, other rates have another one. Above 0.
  int rule_version = 0;
};

enum class RecordMode { kKeep, kHash, kDrop };

struct RecordSettings {
  bool all = true;                          // every feature and prediction, as it came
  std::map<std::string, RecordMode> modes;  // where not `all`; a name that is not listed is dropped
  RecordMode ModeOf(const std::string& name) const;
};

/// Why rows of `elements` (−1: any number) of `dtype` cannot be reduced so; empty where they can. `tensor` names them
/// in the sentence: "input 'image'".
std::string WhyNotReducible(const ReduceSpec& spec, Dtype dtype, int64_t elements, std::string_view tensor);

/// The labels that arrive later, and how predictions are judged by them.
struct LabelSettings {
  std::string name;        // of the label: label of its series, and column of the training file
  std::string prediction;  // the prediction that it is the truth of
  Kind kind = Kind::kCategorical;
  ErrorMeasure error = ErrorMeasure::kLogLoss;
  int64_t time_limit_ns = 7ll * 24 * 3'600'000'000'000;  // how long a sampled prediction waits for its label
  int64_t table_rows = 100'000;                          // how many wait at most, and those that got theirs
  std::vector<DetectorKind> detectors = {DetectorKind::kAdwin, DetectorKind::kDdm, DetectorKind::kPageHinkley};
  double min_join_rate = 0.5;  // 0–1; below it there is no verdict
};

/// monitor.yaml, checked. Plain values.
struct MonitorSettings {
  std::vector<FeatureSpec> features;
  std::vector<FeatureSpec> predictions;
  SamplingSettings sampling;
  WindowSettings window;
  int64_t evaluate_every_ns = 15'000'000'000;
  ThresholdSettings thresholds;
  DecisionSettings decision;
  double dataset_drift_share = 0.5;  // share of drifted features that makes the model drifted, 0–1
  int64_t cycle_ns = 0;              // the traffic's declared cycle; 0: none
  RecordSettings record;
  std::optional<LabelSettings> labels;  // unset: none are expected

  /// Some feature or prediction is a reduction of a wide tensor.
  bool has_reductions() const;
  /// Thresholds, decision and measures in the form that drift::Evaluator takes.
  EvaluatorSettings evaluator() const;
};

}  // namespace drift
