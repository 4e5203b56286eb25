#include "server/observe/model_watch.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

namespace driftserve {
namespace {

std::shared_ptr<const drift::Reference> WithoutLabels(std::shared_ptr<const drift::Reference> reference) {
  const auto is_label = [](const drift::FeatureReference& feature) { return feature.role == drift::Role::kLabel; };
  const auto first = std::find_if(reference->features.begin(), reference->features.end(), is_label);
  if (first == reference->features.end()) return reference;
  auto watched = std::make_shared<drift::Reference>(*reference);
  // Labels come last, so that the rest keeps its places in the counts by stratum.
  const auto count = static_cast<size_t>(first - reference->features.begin());
  watched->features.resize(count);
  for (drift::StratumReference& stratum : watched->strata) stratum.cell_counts.resize(count);
  return watched;
}

int FindBinding(const std::vector<FeatureBinding>& bindings, const std::string& name) {
  for (size_t i = 0; i < bindings.size(); ++i) {
    if (bindings[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

ModelWatch::ModelWatch(std::shared_ptr<WatchedModel> model, std::shared_ptr<const drift::Reference> reference,
                       const drift::MonitorSettings& monitor, RecordOrigin origin, const EarlyLabelLimits& early,
                       int64_t now_ns)
    : model_(std::move(model)),
      whole_reference_(std::move(reference)),
      reference_(WithoutLabels(whole_reference_)),
      monitor_(monitor),
      records_(*model_, monitor.record, std::move(origin)),
      values_(model_->settings(), monitor_) {
  const SamplingRule& rule = model_->rule();
  for (size_t i = 0; i < rule.stratum_count(); ++i) strata_.push_back(rule.stratum(static_cast<int>(i)).name);
  dropped_.resize(strata_.size(), 0);
  rates_.resize(strata_.size(), 0);
  Bind();
  MakeWindow(now_ns);
  evaluator_ = std::make_unique<drift::Evaluator>(reference_, monitor_.evaluator(), now_ns);
  if (monitor_.labels) WatchLabels(early, now_ns);
}

void ModelWatch::WatchLabels(const EarlyLabelLimits& early, int64_t now_ns) {
  const WatchedModelSettings& settings = model_->settings();
  const int found = FindBinding(settings.predictions, monitor_.labels->prediction);
  if (found < 0) return;
  label_prediction_ = found + static_cast<int>(settings.features.size());
  labels_ = std::make_unique<LabelWatch>(model_.get(), *whole_reference_, monitor_, strata_, early, now_ns);
}

void ModelWatch::Bind() {
  const WatchedModelSettings& settings = model_->settings();
  for (const drift::FeatureReference& feature : reference_->features) {
    const bool prediction = feature.role == drift::Role::kPrediction;
    const int found = FindBinding(prediction ? settings.predictions : settings.features, feature.name);
    if (found < 0) unbound_.push_back(feature.name);
    value_of_feature_.push_back(found >= 0 && prediction ? found + static_cast<int>(settings.features.size()) : found);
  }
  window_values_.resize(reference_->features.size());
}

void ModelWatch::MakeWindow(int64_t now_ns) {
  window_ = std::make_unique<drift::Window>(reference_, strata_, monitor_.window);
  window_now_ns_ = now_ns;
  StateRates(now_ns);
}

void ModelWatch::StateRates(int64_t now_ns) {
  const SamplingRule& rule = model_->rule();
  for (size_t i = 0; i < rates_.size(); ++i) rates_[i] = rule.stratum(static_cast<int>(i)).rate;
  window_->SetRates(now_ns, rates_, static_cast<int>(rule.version()));
}

bool ModelWatch::Is(const std::string& name, const std::string& version) const {
  return model_->settings().name == name && model_->settings().version == version;
}

void ModelWatch::Retire() {
  window_.reset();
  evaluator_.reset();
  labels_.reset();
  history_.clear();
}

bool ModelWatch::unreachable() const {
  if (model_.use_count() != 1) return false;
  // The count of owners is read without order: what those who let go had counted before is seen only after this.
  std::atomic_thread_fence(std::memory_order_acquire);
  uint64_t kept_rows = 0;
  for (const SharedCounter& kept : model_->kept()) kept_rows += kept.Read();
  return taken_rows_ == kept_rows;
}

OutgoingRecord ModelWatch::Take(const Sample& sample, const KeptRow& row, SampleReader& reader, uint64_t seq) {
  ++taken_rows_;
  const absl::Span<const drift::Value> values = values_.Read(reader, row.position);
  if (window_ != nullptr) {
    for (size_t i = 0; i < window_values_.size(); ++i) {
      window_values_[i] = value_of_feature_[i] < 0 ? drift::Value::Missing() : values[value_of_feature_[i]];
    }
    window_->Add(sample.time_ns, row.stratum, row.inclusion_probability, static_cast<int>(sample.rule_version),
                 window_values_);
  }
  if (labels_ != nullptr) {
    labels_->TakePrediction(sample, row, values[static_cast<size_t>(label_prediction_)]);
  }
  return records_.Build(sample, row, values, seq);
}

void ModelWatch::CollectCounts(int64_t now_ns) {
  if (window_ == nullptr) return;
  if (now_ns + window_->settings().length_ns < window_now_ns_) {
    // Every row of the present would be older than the window, until the clock is where it was.
    MakeWindow(now_ns);
    ++window_resets_;
  }
  window_now_ns_ = std::max(window_now_ns_, now_ns);
  if (labels_ != nullptr) labels_->Advance(now_ns);
  // Said again at each collection: a late row of an earlier rule must not bring its rate back.
  StateRates(now_ns);
  for (const StratumCounts::Gain& gain : model_->seen().Collect(now_ns)) {
    window_->CountSeen(gain.pane_start_ns, gain.stratum, gain.rows);
  }
  for (size_t i = 0; i < dropped_.size(); ++i) {
    const uint64_t dropped = model_->dropped()[i].Read();
    if (dropped == dropped_[i]) continue;
    window_->CountDropped(now_ns, static_cast<int>(i), dropped - dropped_[i]);
    dropped_[i] = dropped;
  }
}

bool ModelWatch::TakeTurn(int64_t monotonic_ns) {
  if (retired() || (next_turn_ns_ && monotonic_ns < *next_turn_ns_)) return false;
  // After a stall there is one evaluation, not one for each that was missed.
  next_turn_ns_ = monotonic_ns + monitor_.evaluate_every_ns;
  return true;
}

std::shared_ptr<const ModelSnapshot> ModelWatch::Evaluate(int64_t now_ns) {
  window_->Advance(now_ns);
  auto snapshot = std::make_shared<ModelSnapshot>();
  snapshot->model_name = model_->settings().name;
  snapshot->model_version = model_->settings().version;
  snapshot->strata = strata_;
  snapshot->rows = [model = model_] { return RowsOf(*model); };
  snapshot->reference = labels_ != nullptr && labels_->reference() != nullptr ? whole_reference_ : reference_;
  snapshot->evaluation = evaluator_->Evaluate(*window_, now_ns);
  if (labels_ != nullptr) {
    labels_->Evaluate(now_ns, snapshot->evaluation);
    snapshot->reported_labels = [model = model_](LabelOutcome outcome) { return model->labels().Read(outcome); };
    snapshot->labels = labels_->table().counts();
    snapshot->labels_waiting = labels_->table().size();
  }
  snapshot->window_ns = monitor_.window.length_ns;
  snapshot->evaluate_every_ns = monitor_.evaluate_every_ns;
  snapshot->thresholds = monitor_.thresholds;
  snapshot->dataset_drift_share = monitor_.dataset_drift_share;
  snapshot->bins = CountBins();
  snapshot->repeated_request_ids = repeated_ids_;
  snapshot->window = window_->counters();
  snapshot->window_resets = window_resets_;
  Remember(snapshot->evaluation);
  snapshot->history.assign(history_.begin(), history_.end());
  return snapshot;
}

std::vector<BinCounts> ModelWatch::CountBins() const {
  const drift::Layout& layout = window_->layout();
  std::vector<BinCounts> bins;
  for (const drift::CumulativeCounts& counts : WithCurrentRule(window_->Cumulative())) {
    for (size_t f = 0; f < layout.features(); ++f) {
      BinCounts& feature = bins.emplace_back();
      feature.feature = reference_->features[f].name;
      feature.stratum = strata_[static_cast<size_t>(counts.stratum)];
      feature.rule = static_cast<uint32_t>(counts.rule_version);
      for (uint32_t bin = 0; bin < layout.feature(f).bins(); ++bin) {
        feature.bins.push_back(layout.feature(f).BinLabel(bin).str());
        feature.observations.push_back(counts.bins[layout.bin_offset(f) + bin]);
      }
    }
  }
  return bins;
}

// Every stratum under the rule in force is there from the first evaluation on, at 0: a counter's first increase would
// else be lost to whoever reads it.
std::vector<drift::CumulativeCounts> ModelWatch::WithCurrentRule(std::vector<drift::CumulativeCounts> all) const {
  const auto version = static_cast<int>(model_->rule().version());
  for (size_t i = 0; i < strata_.size(); ++i) {
    const auto stratum = static_cast<int>(i);
    const bool there = std::any_of(all.begin(), all.end(), [&](const drift::CumulativeCounts& counts) {
      return counts.rule_version == version && counts.stratum == stratum;
    });
    if (there) continue;
    all.push_back({version, stratum, 0, 0, 0, std::vector<uint64_t>(window_->layout().total_bins(), 0)});
  }
  return all;
}

void ModelWatch::Remember(const drift::Evaluation& evaluation) {
  ModelSnapshot::Point point;
  point.time_ns = evaluation.time_ns;
  for (const drift::FeatureResult& feature : evaluation.population.features) {
    point.psi.push_back(std::numeric_limits<double>::quiet_NaN());
    for (const drift::MeasureResult& measure : feature.measures) {
      if (measure.measure == drift::Measure::kPsi) point.psi.back() = measure.value;
    }
  }
  history_.push_back(std::move(point));
  if (history_.size() > kHistoryPoints) history_.pop_front();
}

}  // namespace driftserve
