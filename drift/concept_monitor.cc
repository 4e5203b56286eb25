#include "drift/concept_monitor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace drift {
namespace {

std::int64_t SlotOf(std::int64_t time_ns, std::int64_t pane_ns) {
  return time_ns / pane_ns - (time_ns % pane_ns < 0 ? 1 : 0);
}

// The value that a share of `values` does not exceed.
double Quantile(std::vector<std::int64_t> values, double share) {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return static_cast<double>(values[at]) / 1e9;
}

template <typename... Values>
std::string Text(const char* format, Values... values) {
  std::array<char, 200> text;
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

}  // namespace

ConceptMonitor::ConceptMonitor(ConceptSettings settings)
    : settings_(std::move(settings)), pane_ns_(std::max<std::int64_t>(1, span_ns() / kPanesPerSpan)) {
  for (const DetectorKind kind : settings_.detectors) {
    Watched& watched = detectors_.emplace_back();
    watched.kind = kind;
    watched.result.detector = Name(kind);
  }
  BeginAnew();
}

void ConceptMonitor::BeginAnew() {
  for (Watched& watched : detectors_) {
    watched.detector = MakeDetector(watched.kind, settings_.error == ErrorMeasure::kZeroOne);
    watched.last = LevelChange::kNone;
  }
  observations_ = 0;
}

// Null for a time before the timeline: its pane is gone.
ConceptMonitor::Pane* ConceptMonitor::PaneOf(std::int64_t time_ns) {
  const std::int64_t slot = SlotOf(time_ns, pane_ns_);
  auto at = std::lower_bound(panes_.begin(), panes_.end(), slot,
                             [](const Pane& pane, std::int64_t wanted) { return pane.slot < wanted; });
  if (at != panes_.end() && at->slot == slot) return &*at;
  if (at == panes_.begin() && panes_.size() >= kPanes) return nullptr;
  const auto index = at - panes_.begin();
  panes_.insert(at, Pane{slot});
  if (panes_.size() <= kPanes) return &panes_[static_cast<std::size_t>(index)];
  panes_.pop_front();
  return &panes_[static_cast<std::size_t>(index - 1)];
}

void ConceptMonitor::CountPrediction(std::int64_t time_ns) {
  if (Pane* pane = PaneOf(time_ns)) ++pane->predictions;
}

void ConceptMonitor::AddLabel(const Joined& label) {
  ++labels_;
  last_label_ns_ = std::max(last_label_ns_, label.arrived_ns);
  if (lags_.size() < kLags) lags_.push_back(0);
  lags_[(labels_ - 1) % kLags] = std::max<std::int64_t>(0, label.lag_ns);
  if (Pane* pane = PaneOf(label.predicted_ns)) {
    ++pane->labels;
    const double weight = 1 / label.probability;
    pane->weight += weight;
    pane->weighted_error += weight * label.error;
    pane->squares += weight * weight;
    pane->squares_error += weight * weight * label.error;
    pane->squares_squared_error += weight * weight * label.error * label.error;
  }
  if (label.probability < least_probability_) {
    // What one observation is changes: what was counted so far was counted too high.
    least_probability_ = label.probability;
    BeginAnew();
  }
  const double weight = least_probability_ / label.probability;
  observations_ += weight;
  for (Watched& watched : detectors_) Feed(watched, label, weight);
}

void ConceptMonitor::Feed(Watched& watched, const Joined& label, double weight) {
  const bool bounded = watched.kind == DetectorKind::kAdwin;
  const double unit = settings_.scale * (bounded ? LargestError(settings_.error) : 1);
  const bool probability = settings_.error == ErrorMeasure::kLogLoss;
  const double error = label.error / unit;
  watched.last = watched.detector->Update(probability ? error : std::min(1.0, error), weight);
  if (const auto statistic = watched.detector->statistic()) {
    watched.result.value = statistic->value * unit;
    watched.result.threshold = statistic->threshold * unit;
  }
  if (watched.last != LevelChange::kRose && watched.last != LevelChange::kFell) return;
  watched.alarm = watched.last;
  watched.alarmed_ns = label.arrived_ns;
  watched.alarm_statistic = {*watched.result.value, *watched.result.threshold};
  ++watched.result.alarms;
  watched.result.last_alarm_ns = label.predicted_ns;
  watched.result.last_alarm_rose = watched.last == LevelChange::kRose;
}

bool ConceptMonitor::Alarmed(const Watched& watched, std::int64_t now_ns) const {
  return watched.alarm != LevelChange::kNone && now_ns - watched.alarmed_ns <= span_ns();
}

State ConceptMonitor::StateOf(const Watched& watched, std::int64_t now_ns) const {
  const bool alarmed = Alarmed(watched, now_ns);
  if (alarmed && watched.alarm == LevelChange::kRose) return State::kDrifted;
  return alarmed || watched.last == LevelChange::kWarning ? State::kWarning : State::kStable;
}

State ConceptMonitor::Judge(std::int64_t now_ns) const {
  std::size_t alarmed = 0, risen = 0;
  for (const Watched& watched : detectors_) {
    if (!Alarmed(watched, now_ns)) continue;
    ++alarmed;
    if (watched.alarm == LevelChange::kRose) ++risen;
  }
  if (2 * risen > detectors_.size()) return State::kDrifted;
  return alarmed > 0 ? State::kWarning : State::kStable;
}

std::optional<double> ConceptMonitor::JoinRate(std::int64_t now_ns) const {
  const std::int64_t youngest = SlotOf(now_ns - settings_.time_limit_ns, pane_ns_);
  const std::int64_t oldest = SlotOf(now_ns - settings_.time_limit_ns - span_ns(), pane_ns_);
  double predictions = 0, labels = 0;
  for (const Pane& pane : panes_) {
    if (pane.slot < oldest || pane.slot >= youngest) continue;
    predictions += pane.predictions;
    labels += pane.labels;
  }
  if (predictions == 0) return std::nullopt;
  return std::min(1.0, labels / predictions);
}

std::string ConceptMonitor::WhyWarming(const ConceptResult& result) const {
  if (labels_ == 0) return "no label has come for a sampled prediction";
  const bool alarmed = std::any_of(detectors_.begin(), detectors_.end(),
                                   [](const Watched& watched) { return watched.alarm != LevelChange::kNone; });
  if (observations_ < kLeastLabels && !alarmed) {
    return Text("%llu labels have come, worth %.3g rows of the most thinly sampled kind: %.0f are needed",
                static_cast<unsigned long long>(labels_), observations_, kLeastLabels);
  }
  if (result.join_rate && *result.join_rate < settings_.min_join_rate) {
    return Text("%.3g of the sampled predictions got their label within the time limit: labels.min_join_rate is %.3g",
                *result.join_rate, settings_.min_join_rate);
  }
  return "";
}

void ConceptMonitor::Summarise(std::int64_t now_ns, ConceptResult& result) const {
  const std::int64_t oldest = SlotOf(now_ns - span_ns(), pane_ns_);
  Pane window;
  for (const Pane& pane : panes_) {
    if (pane.weight == 0) continue;
    result.timeline.push_back({pane.slot * pane_ns_, pane.weighted_error / pane.weight, pane.labels});
    if (pane.slot < oldest) continue;
    window.labels += pane.labels;
    window.weight += pane.weight;
    window.weighted_error += pane.weighted_error;
    window.squares += pane.squares;
    window.squares_error += pane.squares_error;
    window.squares_squared_error += pane.squares_squared_error;
  }
  if (window.weight > 0) result.mean_error = window.weighted_error / window.weight;
  if (window.labels >= 2) {
    // Of a ratio of two sums over rows drawn with unequal probabilities, linearised: √Σ w²(e − mean)² / Σ w.
    const double mean = *result.mean_error;
    const double squares = window.squares_squared_error - mean * (2 * window.squares_error - mean * window.squares);
    result.mean_error_standard_error = std::sqrt(std::max(0.0, squares)) / window.weight;
  }
  if (!lags_.empty()) {
    result.label_lag_seconds = Quantile(lags_, 0.5);
    result.label_lag_90_seconds = Quantile(lags_, 0.9);
  }
  result.join_rate = JoinRate(now_ns);
  result.labels_joined = labels_;
}

ConceptResult ConceptMonitor::Evaluate(std::int64_t now_ns, std::vector<StateChange>& changes) {
  ConceptResult result;
  result.error = Name(settings_.error);
  Summarise(now_ns, result);
  std::optional<State> common;  // of the verdict and every detector, where nothing is judged
  result.reason = WhyWarming(result);
  if (!result.reason.empty()) common = State::kWarming;
  if (labels_ > 0 && now_ns - last_label_ns_ > span_ns()) {
    common = State::kStale;
    result.reason = "no label for longer than the window and the time limit";
  }
  if (!common && now_ns - settings_.created_ns < settings_.observation_ns) common = State::kObserving;
  const auto note = [&changes](const std::string& detector, State from, const DetectorResult& now) {
    if (from == now.state) return;
    StateChange& change = changes.emplace_back();
    change.detector = detector;
    change.from = from;
    change.to = now.state;
    change.value = now.value;
    change.threshold = now.threshold;
  };
  for (Watched& watched : detectors_) {
    const State before = std::exchange(watched.result.state, common.value_or(StateOf(watched, now_ns)));
    DetectorResult told = watched.result;
    if (!common && Alarmed(watched, now_ns)) {
      // By now the detector has begun anew: what changed its state is the alarm.
      told.value = watched.alarm_statistic->value;
      told.threshold = watched.alarm_statistic->threshold;
    }
    note(watched.result.detector, before, told);
    result.detectors.push_back(watched.result);
  }
  result.state = common ? *common : Judge(now_ns);
  DetectorResult verdict;
  verdict.state = result.state;
  verdict.value = result.mean_error;
  note(std::string(kConceptVerdict), std::exchange(state_, result.state), verdict);
  return result;
}

}  // namespace drift
