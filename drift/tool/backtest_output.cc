// BacktestTables() and BacktestJson().
#include <algorithm>

#include <nlohmann/json.hpp>

#include "drift/profile/text.h"
#include "drift/report/format.h"
#include "drift/report/text.h"
#include "drift/tool/backtest_command.h"
#include "drift/tool/text_table.h"

namespace drift {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBacktestSchema = 1;

/// The feature that is furthest above its alert threshold, as "temp psi 1.2".
std::string Furthest(const ViewResult& view) {
  std::string furthest;
  double most = 0;
  for (const FeatureResult& feature : view.features) {
    for (const MeasureResult& measure : feature.measures) {
      if (!measure.alert_threshold || !(*measure.alert_threshold > 0)) continue;
      const double above = measure.value / *measure.alert_threshold;
      if (above <= most) continue;
      most = above;
      furthest = Concat(Utf8(feature.name), " ", Name(measure.measure), " ", FigureText(measure.value));
    }
  }
  return furthest.empty() ? "too few rows" : furthest;
}

size_t CountOf(const ViewResult& view, State state) {
  return static_cast<size_t>(std::count_if(view.features.begin(), view.features.end(),
                                           [state](const FeatureResult& f) { return f.state == state; }));
}

Json FeatureJson(const FeatureResult& feature) {
  Json json = {{"name", Utf8(feature.name)}, {"ready", feature.ready}, {"state", Name(feature.state)}};
  if (!feature.reason.empty()) json["reason"] = Utf8(feature.reason, 1000);
  json["measures"] = Json::array();
  for (const MeasureResult& measure : feature.measures) {
    Json line = {{"measure", Name(measure.measure)}, {"value", measure.value}};
    if (measure.warn_threshold) line["warn_threshold"] = *measure.warn_threshold;
    if (measure.alert_threshold) line["alert_threshold"] = *measure.alert_threshold;
    if (measure.p_value) line["p_value"] = *measure.p_value;
    if (measure.p_value_alert) line["p_value_alert"] = *measure.p_value_alert;
    if (measure.warn_threshold) line["state"] = Name(measure.state);
    json["measures"].push_back(std::move(line));
  }
  return json;
}

Json ChunkJson(const JudgedChunk& chunk) {
  Json json = {{"start", UtcTime(chunk.start_ns)},
               {"start_seconds", static_cast<double>(chunk.start_ns) / 1e9},
               {"rows", chunk.rows},
               {"state", Name(chunk.evaluation.model_state)},
               {"drifted_share", chunk.evaluation.drifted_share}};
  if (chunk.error) json["error"] = *chunk.error;
  if (chunk.error) json["labelled_rows"] = chunk.labelled_rows;
  json["features"] = Json::array();
  for (const FeatureResult& feature : chunk.evaluation.population.features) {
    json["features"].push_back(FeatureJson(feature));
  }
  return json;
}

}  // namespace

std::string BacktestTables(const Backtest& backtest, const Chunking& chunking, const std::string& error) {
  std::vector<std::vector<std::string>> lines = {{"chunk", "rows", "drifted", "warning", "furthest"}};
  if (!error.empty()) lines[0].insert(lines[0].begin() + 2, error);
  for (const JudgedChunk& chunk : backtest.chunks) {
    const ViewResult& view = chunk.evaluation.population;
    lines.push_back({chunking.Label(chunk.start_ns), Concat(chunk.rows), Concat(CountOf(view, State::kDrifted)),
                     Concat(CountOf(view, State::kWarning)), Furthest(view)});
    if (!error.empty()) lines.back().insert(lines.back().begin() + 2, FigureText(chunk.error));
  }
  std::vector<std::vector<std::string>> fired = {
      {"feature", "measure", "judged", "over warn", "over alert", "warning", "drifted", ""}};
  for (const Firing& firing : backtest.firings) {
    fired.push_back({Utf8(firing.feature), std::string(Name(firing.measure)), Concat(firing.judged),
                     Concat(firing.over_warn), Concat(firing.over_alert), Concat(firing.warned),
                     Concat(firing.drifted), ""});
  }
  return Concat(TextTable(lines, 1), "\nchunks in which each threshold would have fired:\n", TextTable(fired, 2));
}

std::string BacktestJson(const Backtest& backtest, const CountedHistory& counted) {
  const Reference& reference = *counted.reference.reference;
  const DataSide& data = counted.history.data;
  Json json = {{"schema_version", kBacktestSchema},
               {"chunk", counted.chunking.text()},
               {"reference", {{"source", Utf8(counted.reference.source, 2000)}, {"hash", reference.hash},
                              {"rows", reference.rows}}},
               {"data", {{"source", Utf8(data.source, 2000)}, {"hash", data.hash}, {"rows", data.rows}}}};
  if (counted.error) json["error"] = Name(*counted.error);
  json["chunks"] = Json::array();
  for (const JudgedChunk& chunk : backtest.chunks) json["chunks"].push_back(ChunkJson(chunk));
  json["fired"] = Json::array();
  for (const Firing& firing : backtest.firings) {
    json["fired"].push_back({{"feature", Utf8(firing.feature)},
                             {"measure", Name(firing.measure)},
                             {"judged", firing.judged},
                             {"over_warn", firing.over_warn},
                             {"over_alert", firing.over_alert},
                             {"warning", firing.warned},
                             {"drifted", firing.drifted}});
  }
  json["warnings"] = Json::array();
  for (const std::string& warning : counted.history.warnings) json["warnings"].push_back(Utf8(warning, 1000));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace drift
