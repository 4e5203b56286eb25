#include "drift/batch/backtest.h"

#include <algorithm>

#include "drift/evaluator.h"

namespace drift {
namespace {

void CountFirings(const FeatureResult& feature, std::vector<Firing>& firings) {
  for (const MeasureResult& measure : feature.measures) {
    if (!measure.warn_threshold) continue;  // a value without a threshold
    auto at = std::find_if(firings.begin(), firings.end(), [&](const Firing& firing) {
      return firing.feature == feature.name && firing.measure == measure.measure;
    });
    if (at == firings.end()) at = firings.insert(at, Firing{feature.name, measure.measure, 0, 0, 0, 0, 0});
    ++at->judged;
    at->over_warn += measure.value > *measure.warn_threshold ? 1 : 0;
    at->over_alert += measure.value > *measure.alert_threshold ? 1 : 0;
    at->drifted += measure.state == State::kDrifted ? 1 : 0;
    at->warned += measure.state == State::kDrifted || measure.state == State::kWarning ? 1 : 0;
  }
}

/// Features that were ready in some chunk only come later: back to the reference's order.
void SortFirings(const Reference& reference, std::vector<Firing>& firings) {
  const auto place = [&reference](const Firing& firing) {
    const auto found = std::find_if(reference.features.begin(), reference.features.end(),
                                    [&firing](const FeatureReference& f) { return f.name == firing.feature; });
    return std::pair(found - reference.features.begin(), static_cast<int>(firing.measure));
  };
  std::sort(firings.begin(), firings.end(),
            [&place](const Firing& a, const Firing& b) { return place(a) < place(b); });
}

}  // namespace

Backtest JudgeHistory(const std::shared_ptr<const Reference>& reference, const EvaluatorSettings& settings,
                      History& history) {
  Backtest backtest;
  for (auto& [start, chunk] : history.chunks) {
    JudgedChunk judged;
    judged.start_ns = start;
    judged.rows = chunk->counter.blocks().rows();
    judged.labelled_rows = chunk->labelled_rows;
    if (chunk->error_weight > 0) judged.error = chunk->error_sum / chunk->error_weight;
    judged.evaluation = Evaluator(reference, BatchSettings(settings), 0).Evaluate(chunk->counter.blocks(), start);
    for (FeatureResult& feature : judged.evaluation.population.features) {
      CountFirings(feature, backtest.firings);
      feature.bins.clear();
    }
    backtest.chunks.push_back(std::move(judged));
    chunk.reset();
  }
  history.chunks.clear();
  SortFirings(*reference, backtest.firings);
  return backtest;
}

}  // namespace drift
