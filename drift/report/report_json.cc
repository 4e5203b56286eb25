#include "drift/report/report_json.h"

#include <cmath>

#include "drift/report/json_parts.h"
#include "drift/report/text.h"

namespace drift {
namespace {

Json BinJson(const Bin& bin) {
  Json json = {{"label", Utf8(bin.label.str())}};
  Put(json, "lower", bin.lower);
  Put(json, "upper", bin.upper);
  Put(json, "reference_share", bin.reference_share);
  Put(json, "current_share", bin.current_share);
  return json;
}

Json FeatureJson(const FeatureResult& feature, bool with_bins) {
  Json json = {{"name", Utf8(feature.name)},
               {"role", Name(feature.role)},
               {"kind", Name(feature.kind)},
               {"ready", feature.ready},
               {"state", Name(feature.state)}};
  if (!feature.reason.empty()) json["reason"] = Utf8(feature.reason, 1000);
  Put(json, "kept_rows", feature.kept_rows);
  if (feature.effective_samples > 0) Put(json, "effective_samples", feature.effective_samples);
  if (feature.kish_samples > 0) Put(json, "kish_samples", feature.kish_samples);
  if (feature.ready) Put(json, "design_effect", feature.design_effect);
  Put(json, "reference_missing_ratio", feature.reference_missing_ratio);
  Put(json, "missing_ratio", feature.missing_ratio);
  Put(json, "missing_p_value", feature.missing_p_value);
  json["measures"] = Json::array();
  for (const MeasureResult& measure : feature.measures) json["measures"].push_back(MeasureJson(measure));
  if (!with_bins) return json;
  json["bins"] = Json::array();
  for (const Bin& bin : feature.bins) json["bins"].push_back(BinJson(bin));
  return json;
}

Json ViewJson(const ViewResult& view, bool with_bins) {
  Json json;
  if (!view.stratum.empty()) json["stratum"] = Utf8(view.stratum);
  Put(json, "rows_seen", view.rows_seen);
  Put(json, "rows_kept", view.rows_kept);
  json["features"] = Json::array();
  for (const FeatureResult& feature : view.features) json["features"].push_back(FeatureJson(feature, with_bins));
  return json;
}

Json ReferenceJson(const Reference& reference) {
  Json json = {{"hash", reference.hash}, {"rows", reference.rows}};
  PutTime(json, "created", reference.created_ns);
  return json;
}

// Points of PSI by feature name; a feature that was not ready then has none at that time.
Json HistoryJson(const ReportInput& input) {
  const std::vector<FeatureResult>& features = input.evaluation->population.features;
  Json history = Json::array();
  for (const HistoryPoint& point : input.history) {
    Json values = Json::object();
    for (std::size_t i = 0; i < features.size() && i < point.psi.size(); ++i) {
      if (std::isfinite(point.psi[i])) values[Utf8(features[i].name)] = point.psi[i];
    }
    Json entry = Json::object();
    PutTime(entry, "time", point.time_ns);
    entry["psi"] = std::move(values);
    history.push_back(std::move(entry));
  }
  return history;
}

// Beside each feature of the population the categories that appeared in it.
void PutAppeared(const ReportInput& input, Json& features) {
  const std::vector<FeatureResult>& results = input.evaluation->population.features;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto appeared = input.appeared.find(results[i].name);
    if (appeared != input.appeared.end()) features[i]["appeared"] = AppearedJson(appeared->second);
  }
}

Json ModelJson(const ReportInput& input) {
  const Evaluation& evaluation = *input.evaluation;
  Json json = {{"model_name", Utf8(input.model_name)},
               {"model_version", Utf8(input.model_version)},
               {"state", Name(evaluation.model_state)},
               {"verdict", VerdictJson(input)}};
  PutTime(json, "evaluated", evaluation.time_ns);
  Put(json, "drifted_share", evaluation.drifted_share);
  Put(json, "dataset_drift_share", input.dataset_drift_share);
  if (input.window_ns > 0) json["window_seconds"] = static_cast<double>(input.window_ns) / 1e9;
  if (input.evaluate_every_ns > 0) json["evaluate_every_seconds"] = static_cast<double>(input.evaluate_every_ns) / 1e9;
  json["tolerances"] = {{"psi_warn", input.thresholds.psi_warn},
                        {"psi_alert", input.thresholds.psi_alert},
                        {"ks_warn", input.thresholds.ks_warn},
                        {"ks_alert", input.thresholds.ks_alert},
                        {"alpha", input.thresholds.alpha}};
  if (input.reference != nullptr) json["reference"] = ReferenceJson(*input.reference);
  if (input.comparison) json["comparison"] = ComparisonJson(*input.comparison);
  json["warnings"] = Json::array();
  for (const std::string& warning : evaluation.warnings) json["warnings"].push_back(Utf8(warning, 1000));
  json.update(ViewJson(evaluation.population, true));
  PutAppeared(input, json["features"]);
  json["strata"] = Json::array();
  for (const ViewResult& view : evaluation.strata) json["strata"].push_back(ViewJson(view, false));
  if (evaluation.concept_drift) json["concept_drift"] = ConceptJson(*evaluation.concept_drift);
  json["history"] = HistoryJson(input);
  return json;
}

}  // namespace

std::string RenderJson(const std::vector<ReportInput>& models, std::int64_t time_ns) {
  Json json = {{"schema_version", kReportSchema}};
  PutTime(json, "time", time_ns);
  json["models"] = Json::array();
  for (const ReportInput& model : models) json["models"].push_back(ModelJson(model));
  return Text(json);
}

std::string VersionJson(std::string_view name, std::string_view version, std::string_view commit,
                        std::string_view torch) {
  Json json = {{"name", name}};
  if (!version.empty()) json["version"] = version;
  if (!commit.empty()) json["commit"] = commit;
  if (!torch.empty()) json["torch"] = torch;
  return Text(json);
}

}  // namespace drift
