#include "drift/evaluator.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "drift/readiness.h"
#include "drift/view.h"

namespace drift {
namespace {

constexpr double kDayNs = 24 * 3600e9;
constexpr std::size_t kFeaturesAtOnce = 4;  // whose moments fit the nearest cache

// α_eval: the level at which states change, so that alarms come at the stated rate a day. A rolling window holds
// about 20 independent looks per window length.
double StateAlpha(const DecisionSettings& decision, std::int64_t window_ns) {
  return std::clamp(decision.false_alarms_per_day * static_cast<double>(window_ns) / (20 * kDayNs), 1e-12, 0.5);
}

// The stratum's own reference where the profile has one, else the whole.
ReferenceCounts CountsFor(const Reference& reference, const StratumReference* stratum, std::size_t feature) {
  const FeatureReference& profile = reference.features[feature];
  const double rows = static_cast<double>(reference.rows);
  const double effective = profile.effective_rows > 0 ? std::min(profile.effective_rows, rows) : rows;
  if (stratum == nullptr) return {profile.cell_counts, rows, effective};
  const double own = static_cast<double>(stratum->rows);
  return {stratum->cell_counts[feature], own, own * effective / rows};
}

const StratumReference* FindStratum(const Reference& reference, const std::string& name) {
  const auto found = std::find_if(reference.strata.begin(), reference.strata.end(),
                                  [&name](const StratumReference& stratum) { return stratum.name == name; });
  return found == reference.strata.end() ? nullptr : &*found;
}

std::string Duration(std::int64_t ns) {
  const double seconds = static_cast<double>(ns) / 1e9;
  char text[40];
  if (seconds >= 3600) {
    std::snprintf(text, sizeof text, "%.3g h", seconds / 3600);
  } else if (seconds >= 60) {
    std::snprintf(text, sizeof text, "%.3g min", seconds / 60);
  } else {
    std::snprintf(text, sizeof text, "%.3g s", seconds);
  }
  return text;
}

std::size_t BinsInUse(const FeatureReference& feature) {
  const FeatureLayout layout(feature);
  std::vector<bool> used(layout.bins(), false);
  for (std::uint32_t cell = 0; cell < layout.cells(); ++cell) {
    if (feature.cell_counts[cell] > 0) used[layout.bin_of(cell)] = true;
  }
  return static_cast<std::size_t>(std::count(used.begin(), used.end(), true));
}

}  // namespace

std::optional<Error> CheckReferenceSize(const Reference& reference, const ThresholdSettings& thresholds) {
  for (std::size_t f = 0; f < reference.features.size(); ++f) {
    const double rows = CountsFor(reference, nullptr, f).effective_rows;
    const std::size_t bins = BinsInUse(reference.features[f]);
    if (NeededSamples(bins, thresholds, rows)) continue;
    char text[300];
    std::snprintf(text, sizeof text,
                  "reference: feature '%.80s': it is worth %.0f rows, more than %.0f are needed for %zu bins at "
                  "thresholds.psi.warn %g: profile more rows or raise the threshold",
                  reference.features[f].name.c_str(), rows, NeededReferenceRows(bins, thresholds), bins,
                  thresholds.psi_warn);
    return Error{text};
  }
  return std::nullopt;
}

Evaluator::Evaluator(std::shared_ptr<const Reference> reference, EvaluatorSettings settings, std::int64_t created_ns)
    : reference_(std::move(reference)), settings_(std::move(settings)), created_ns_(created_ns) {}

EvaluatorSettings BatchSettings(EvaluatorSettings settings) {
  settings.state_alpha = settings.thresholds.alpha;
  settings.decision.debounce_of = 1;
  settings.decision.debounce_hits = 1;
  settings.decision.observation_period_ns = 0;
  return settings;
}

const std::vector<Measure>& MeasuresOf(const EvaluatorSettings& settings, const std::string& feature) {
  const auto own = settings.feature_measures.find(feature);
  return own == settings.feature_measures.end() ? settings.measures : own->second;
}

StateMemory& Evaluator::MemoryOf(std::size_t strata) {
  if (!memory_) memory_ = std::make_unique<StateMemory>(strata + 1, reference_->features.size(), settings_);
  return *memory_;
}

const std::vector<ReferenceSums>& Evaluator::SumsFor(const Layout& layout, const StratumReference* own) {
  std::vector<ReferenceSums>& sums = sums_[own];
  for (std::size_t f = sums.size(); f < layout.features(); ++f) {
    sums.emplace_back(layout.feature(f), CountsFor(*reference_, own, f));
  }
  return sums;
}

FeatureEvaluation Evaluator::EvaluateOne(const View& view, std::size_t feature, const StratumReference* own,
                                         const SampleDistance* exact) {
  return EvaluateFeature(view, feature, SumsFor(*view.layout, own)[feature], settings_.thresholds,
                         MeasuresOf(settings_, reference_->features[feature].name), exact);
}

ViewResult Evaluator::Decide(const View& view, std::size_t index, const std::string& stratum,
                             const StateMemory::Moment& moment, std::vector<FeatureEvaluation> features,
                             Evaluation& evaluation) {
  ViewResult result;
  result.stratum = stratum;
  result.rows_seen = view.seen;
  result.rows_kept = view.kept;
  for (FeatureEvaluation& feature : features) {
    if (!moment.stale) break;
    feature.result.ready = false;
    feature.result.reason = "no row for longer than the window";
    feature.result.measures.clear();
  }
  if (index == 0 && !view.thin_reason.empty()) evaluation.warnings.push_back(view.thin_reason);
  memory_->Decide(index, moment, features, stratum, evaluation.changes);
  result.features.reserve(features.size());
  for (FeatureEvaluation& feature : features) result.features.push_back(std::move(feature.result));
  return result;
}

ViewResult Evaluator::EvaluateView(const View& view, std::size_t index, const std::string& stratum,
                                   const StateMemory::Moment& moment,
                                   std::span<const std::optional<SampleDistance>> exact, Evaluation& evaluation) {
  const StratumReference* const own = index == 0 ? nullptr : FindStratum(*reference_, stratum);
  std::vector<FeatureEvaluation> features;
  features.reserve(reference_->features.size());
  for (std::size_t f = 0; f < reference_->features.size(); ++f) {
    features.push_back(EvaluateOne(view, f, own, !exact.empty() && exact[f] ? &*exact[f] : nullptr));
  }
  return Decide(view, index, stratum, moment, std::move(features), evaluation);
}

// Some features at a time, in all views before the next: what the views read of them, they read from the cache.
std::vector<std::vector<FeatureEvaluation>> Evaluator::EvaluateViews(const Window& window, std::vector<View>& views) {
  const std::size_t count = reference_->features.size();
  std::vector<const StratumReference*> own = {nullptr};
  for (const std::string& stratum : window.strata()) own.push_back(FindStratum(*reference_, stratum));
  std::vector<std::vector<FeatureEvaluation>> features(views.size());
  for (std::vector<FeatureEvaluation>& of_view : features) of_view.reserve(count);
  for (std::size_t begin = 0; begin < count; begin += kFeaturesAtOnce) {
    const std::size_t end = std::min(count, begin + kFeaturesAtOnce);
    for (std::size_t v = 0; v < views.size(); ++v) {
      FillMoments(views[v], begin, end);
      for (std::size_t f = begin; f < end; ++f) features[v].push_back(EvaluateOne(views[v], f, own[v], nullptr));
    }
  }
  return features;
}

Evaluation Evaluator::Evaluate(const Window& window, std::int64_t now_ns) {
  const std::size_t strata = window.strata().size();
  StateMemory& memory = MemoryOf(strata);
  const std::int64_t length = window.settings().length_ns;
  StateMemory::Moment moment;
  moment.alpha = settings_.state_alpha ? *settings_.state_alpha : StateAlpha(settings_.decision, length);
  moment.observing = now_ns - created_ns_ < settings_.decision.observation_period_ns;
  moment.stale = window.last_row_ns() && now_ns - *window.last_row_ns() > length;
  Evaluation evaluation;
  evaluation.time_ns = now_ns;
  if (length < reference_->cycle_ns) {
    evaluation.warnings.push_back("the window (" + Duration(length) + ") is shorter than the cycle of the reference (" +
                                  Duration(reference_->cycle_ns) +
                                  "): against all hours, one part of the cycle always drifts; lengthen window.length");
  }
  if (window.counters().coarsenings > 0) {
    evaluation.warnings.push_back("the window reached its byte limit: its panes are now " +
                                  Duration(window.pane_length_ns()) + " long");
  }
  std::vector<View> views = ViewsOf(window);
  std::vector<std::vector<FeatureEvaluation>> features = EvaluateViews(window, views);
  evaluation.population = Decide(views[0], 0, "", moment, std::move(features[0]), evaluation);
  for (std::size_t v = 1; v < views.size(); ++v) {
    evaluation.strata.push_back(
        Decide(views[v], v, window.strata()[v - 1], moment, std::move(features[v]), evaluation));
  }
  evaluation.model_state =
      memory.DecideModel(evaluation.population, moment, evaluation.drifted_share, evaluation.changes);
  return evaluation;
}

Evaluation Evaluator::Evaluate(const Blocks& blocks, std::int64_t now_ns,
                               std::span<const std::optional<SampleDistance>> exact) {
  const std::size_t strata = blocks.strata().size();
  StateMemory& memory = MemoryOf(strata);
  StateMemory::Moment moment;
  moment.alpha = settings_.state_alpha.value_or(settings_.thresholds.alpha);
  Evaluation evaluation;
  evaluation.time_ns = now_ns;
  evaluation.population = EvaluateView(blocks.Population(), 0, "", moment, exact, evaluation);
  for (std::size_t h = 0; h < strata && strata > 1; ++h) {
    evaluation.strata.push_back(EvaluateView(blocks.OfStratum(h), h + 1, blocks.strata()[h], moment, {}, evaluation));
  }
  evaluation.model_state =
      memory.DecideModel(evaluation.population, moment, evaluation.drifted_share, evaluation.changes);
  return evaluation;
}

}  // namespace drift
