#include "drift/tool/watch_snapshot.h"

#include <limits>
#include <utility>
#include <vector>

namespace drift {
namespace {

using driftserve::BinCounts;
using driftserve::ModelSnapshot;
using driftserve::RowCounts;

std::vector<RowCounts> RowsOf(const WatchedVersion& version) {
  std::vector<RowCounts> rows;
  for (const auto& [key, totals] : version.totals()) {
    rows.push_back({version.strata()[static_cast<size_t>(key.second)], key.first, totals.represented, totals.rows, 0});
  }
  return rows;
}

std::vector<BinCounts> BinsOf(const WatchedVersion& version) {
  const Layout& layout = version.layout();
  std::vector<BinCounts> bins;
  for (const auto& [key, totals] : version.totals()) {
    for (size_t f = 0; f < layout.features(); ++f) {
      BinCounts& counts = bins.emplace_back();
      counts.feature = version.reference().features[f].name;
      counts.stratum = version.strata()[static_cast<size_t>(key.second)];
      counts.rule = key.first;
      for (uint32_t bin = 0; bin < layout.feature(f).bins(); ++bin) {
        counts.bins.push_back(layout.feature(f).BinLabel(bin).str());
        counts.observations.push_back(totals.bins[layout.bin_offset(f) + bin]);
      }
    }
  }
  return bins;
}

ModelSnapshot::Point PointOf(const Evaluation& evaluation) {
  ModelSnapshot::Point point;
  point.time_ns = evaluation.time_ns;
  for (const FeatureResult& feature : evaluation.population.features) {
    point.psi.push_back(std::numeric_limits<double>::quiet_NaN());
    for (const MeasureResult& measure : feature.measures) {
      if (measure.measure == Measure::kPsi) point.psi.back() = measure.value;
    }
  }
  return point;
}

}  // namespace

std::shared_ptr<const ModelSnapshot> WatchSnapshots::Take(int64_t now_ns) {
  auto snapshot = std::make_shared<ModelSnapshot>();
  snapshot->model_name = version_->reference().model_name;
  snapshot->model_version = version_->reference().model_version;
  snapshot->strata = version_->strata();
  snapshot->rows = [rows = RowsOf(*version_)] { return rows; };
  snapshot->reference = version_->shared_reference();
  snapshot->evaluation = version_->Evaluate(now_ns);
  const MonitorSettings& settings = version_->settings();
  snapshot->window_ns = settings.window.length_ns;
  snapshot->evaluate_every_ns = settings.evaluate_every_ns;
  snapshot->thresholds = settings.thresholds;
  snapshot->bins = BinsOf(*version_);
  snapshot->window = version_->counters();
  history_.push_back(PointOf(snapshot->evaluation));
  if (history_.size() > kHistoryPoints) history_.pop_front();
  snapshot->history.assign(history_.begin(), history_.end());
  return snapshot;
}

}  // namespace drift
