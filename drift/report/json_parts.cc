#include "drift/report/json_parts.h"

#include <cmath>
#include <string>

#include "drift/report/format.h"
#include "drift/report/text.h"
#include "drift/report/verdict.h"

namespace drift {
namespace {

Json SideJson(const DataSide& side) {
  Json json = {{"source", Utf8(side.source, 1000)}};
  if (!side.hash.empty()) json["hash"] = Utf8(side.hash);
  json["rows"] = side.rows;
  PutTime(json, "first", side.first_ns);
  PutTime(json, "last", side.last_ns);
  return json;
}

Json DetectorJson(const DetectorResult& detector) {
  Json json = {{"detector", Utf8(detector.detector)}, {"state", Name(detector.state)}};
  Put(json, "value", detector.value);
  Put(json, "threshold", detector.threshold);
  json["alarms"] = detector.alarms;
  PutTime(json, "last_alarm", detector.last_alarm_ns.value_or(0));
  if (detector.last_alarm_ns) json["last_alarm_rose"] = detector.last_alarm_rose;
  return json;
}

Json PointJson(const QualityPoint& point) {
  Json json = Json::object();
  PutTime(json, "time", point.time_ns);
  Put(json, "error", point.error);
  Put(json, "labels", point.labels);
  return json;
}

}  // namespace

void Put(Json& object, const char* key, const std::optional<double>& value) {
  if (value && std::isfinite(*value)) object[key] = *value;
}

void PutTime(Json& object, const char* key, std::int64_t time_ns) {
  if (time_ns == 0) return;
  object[key] = UtcTime(time_ns);
  object[std::string(key) + "_seconds"] = static_cast<double>(time_ns) / 1e9;
}

Json VerdictJson(const ReportInput& input) {
  const Verdict verdict = VerdictOf(input);
  Json json = {{"sentence", verdict.sentence}};
  if (!verdict.detail.empty()) json["detail"] = verdict.detail;
  return json;
}

Json ComparisonJson(const Comparison& comparison) {
  Json json = {{"reference", SideJson(comparison.reference)}, {"current", SideJson(comparison.current)}};
  if (!comparison.weights.empty()) json["weights"] = Utf8(comparison.weights, 1000);
  if (!comparison.program.empty()) json["program"] = Utf8(comparison.program);
  PutTime(json, "made", comparison.made_ns);
  return json;
}

Json AppearedJson(const std::vector<AppearedCategory>& categories) {
  Json json = Json::array();
  for (const AppearedCategory& category : categories) {
    Json entry = {{"value", Utf8(category.value)}};
    Put(entry, "share", category.share);
    json.push_back(std::move(entry));
  }
  return json;
}

Json ConceptJson(const ConceptResult& quality) {
  Json json = {{"error", Utf8(quality.error)}, {"state", Name(quality.state)}};
  if (!quality.reason.empty()) json["reason"] = Utf8(quality.reason, 1000);
  Put(json, "join_rate", quality.join_rate);
  Put(json, "label_lag_seconds", quality.label_lag_seconds);
  Put(json, "label_lag_90_seconds", quality.label_lag_90_seconds);
  Put(json, "mean_error", quality.mean_error);
  json["labels_joined"] = quality.labels_joined;
  json["detectors"] = Json::array();
  for (const DetectorResult& detector : quality.detectors) json["detectors"].push_back(DetectorJson(detector));
  json["timeline"] = Json::array();
  for (const QualityPoint& point : quality.timeline) json["timeline"].push_back(PointJson(point));
  return json;
}

Json MeasureJson(const MeasureResult& measure) {
  Json json = {{"measure", Name(measure.measure)}};
  Put(json, "value", measure.value);
  Put(json, "value_upper", measure.value_upper);
  Put(json, "bias_corrected", measure.bias_corrected);
  Put(json, "warn_threshold", measure.warn_threshold);
  Put(json, "alert_threshold", measure.alert_threshold);
  Put(json, "p_value", measure.p_value);
  Put(json, "p_value_alert", measure.p_value_alert);
  Put(json, "p_value_no_drift", measure.p_value_no_drift);
  if (measure.warn_threshold) json["state"] = Name(measure.state);
  return json;
}

std::string Text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace drift
