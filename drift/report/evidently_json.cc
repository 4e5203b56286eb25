#include "drift/report/evidently_json.h"

#include <map>
#include <vector>

#include "drift/report/format.h"
#include "drift/report/json_parts.h"
#include "drift/report/small_distribution.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

constexpr char kVersion[] = "0.4.40";  // whose shape this is

bool Judged(const FeatureResult& feature) { return feature.ready && Leading(feature) != nullptr; }

// Names are bytes: two that read alike as UTF-8 must not become one key.
std::string FreeKey(const Json& object, const std::string& name) {
  std::string key = name;
  for (int number = 2; object.contains(key); ++number) key = name + " (" + std::to_string(number) + ")";
  return key;
}

Json DistributionJson(const SmallDistribution& small) {
  Json json = {{"x", Json::array()}, {"y", small.y}};
  for (const double edge : small.edges) json["x"].push_back(edge);
  for (const std::string& label : small.labels) json["x"].push_back(Utf8(label));
  return {{"small_distribution", std::move(json)}};
}

Json OwnFigures(const ReportInput& input, const FeatureResult& feature) {
  Json json = {{"role", Name(feature.role)}, {"state", Name(feature.state)}};
  Put(json, "effective_samples", feature.effective_samples);
  Put(json, "kept_rows", feature.kept_rows);
  Put(json, "reference_missing_ratio", feature.reference_missing_ratio);
  Put(json, "missing_ratio", feature.missing_ratio);
  json["measures"] = Json::array();
  for (const MeasureResult& measure : feature.measures) json["measures"].push_back(MeasureJson(measure));
  const auto appeared = input.appeared.find(feature.name);
  if (appeared != input.appeared.end()) json["appeared"] = AppearedJson(appeared->second);
  return json;
}

// REQUIRES: Judged(feature).
Json ColumnJson(const ReportInput& input, const FeatureResult& feature) {
  const MeasureResult& measure = *Leading(feature);
  const FeatureReference* reference = ReferenceOf(input, feature);
  const double reference_rows = input.reference ? static_cast<double>(input.reference->rows) : 1;
  Json json = {{"column_name", Utf8(feature.name)},
               {"column_type", feature.kind == Kind::kNumeric ? "num" : "cat"},
               {"stattest_name", MeasureTitle(measure.measure)},
               {"stattest_threshold", nullptr},  // Evidently's own, where a method has none
               {"drift_score", measure.value},
               {"drift_detected", feature.state == State::kDrifted}};
  Put(json, "stattest_threshold", measure.alert_threshold);
  json["current"] = DistributionJson(SmallDistributionOf(feature, reference, true, feature.kept_rows));
  json["reference"] = DistributionJson(SmallDistributionOf(feature, reference, false, reference_rows));
  json["driftserve"] = OwnFigures(input, feature);
  return json;
}

struct Table {
  int columns = 0, drifted = 0;
  double share = 0;
  bool dataset_drift = false;
};

Table TableOf(const ReportInput& input) {
  Table table;
  for (const FeatureResult& feature : input.evaluation->population.features) {
    if (feature.role != Role::kFeature || !Judged(feature)) continue;
    ++table.columns;
    table.drifted += feature.state == State::kDrifted;
  }
  if (table.columns > 0) table.share = static_cast<double>(table.drifted) / table.columns;
  table.dataset_drift = table.columns > 0 && table.share >= input.dataset_drift_share;
  return table;
}

Json DatasetJson(const Table& table) {
  return {{"number_of_columns", table.columns},
          {"number_of_drifted_columns", table.drifted},
          {"share_of_drifted_columns", table.share},
          {"dataset_drift", table.dataset_drift}};
}

Json MetricsJson(const ReportInput& input) {
  const Table table = TableOf(input);
  Json dataset = {{"drift_share", input.dataset_drift_share}};
  dataset.update(DatasetJson(table));
  Json drift_table = DatasetJson(table);
  drift_table["current_fi"] = drift_table["reference_fi"] = nullptr;
  Json& columns = drift_table["drift_by_columns"] = Json::object();
  Json outcomes = Json::array();
  for (const FeatureResult& feature : input.evaluation->population.features) {
    if (!Judged(feature)) continue;
    if (feature.role == Role::kFeature) {
      columns[FreeKey(columns, Utf8(feature.name))] = ColumnJson(input, feature);
    } else {
      outcomes.push_back({{"metric", "ColumnDriftMetric"}, {"result", ColumnJson(input, feature)}});
    }
  }
  Json metrics = {{{"metric", "DatasetDriftMetric"}, {"result", std::move(dataset)}},
                  {{"metric", "DataDriftTable"}, {"result", std::move(drift_table)}}};
  for (Json& outcome : outcomes) metrics.push_back(std::move(outcome));
  return metrics;
}

const char* StatusOf(State state) {
  switch (state) {
    case State::kStable:
      return "SUCCESS";
    case State::kWarning:
      return "WARNING";
    case State::kDrifted:
      return "FAIL";
    default:
      return "SKIPPED";  // warming, observing, stale: not judged
  }
}

Json TestJson(const char* name, const char* group, const std::string& status, const std::string& description,
              Json parameters) {
  return {{"name", name},
          {"description", description},
          {"status", status},
          {"group", group},
          {"parameters", std::move(parameters)}};
}

Json ShareTest(const ReportInput& input) {
  const Table table = TableOf(input);
  const std::string status = table.columns == 0 ? "SKIPPED" : table.dataset_drift ? "FAIL" : "SUCCESS";
  Json condition = {{"lt", input.dataset_drift_share}};
  return TestJson("Share of Drifted Columns", "data_drift", status,
                  std::to_string(table.drifted) + " of " + std::to_string(table.columns) +
                      " judged columns drifted; fewer than " + Tidy(100 * input.dataset_drift_share) + " % may.",
                  {{"condition", std::move(condition)}, {"value", table.share}});
}

Json ColumnTest(const FeatureResult& feature) {
  const std::string name = Utf8(feature.name);
  if (!Judged(feature)) {
    // A constant has nothing to measure and nothing that drifted.
    const bool constant = feature.ready;
    return TestJson("Drift per Column", "data_drift", constant ? "SUCCESS" : "SKIPPED",
                    name + (constant ? " has one value in reference and traffic."
                                     : " could not be judged: " + Utf8(feature.reason, 600)),
                    {{"column_name", name}});
  }
  const MeasureResult& measure = *Leading(feature);
  Json parameters = {{"stattest", MeasureTitle(measure.measure)}, {"score", measure.value}};
  Put(parameters, "threshold", measure.alert_threshold);
  parameters["detected"] = feature.state == State::kDrifted;
  parameters["column_name"] = name;
  std::string description = name + " is " + std::string(Name(feature.state)) + ": " + MeasureTitle(measure.measure) +
                            " " + Rounded(measure.value);
  if (measure.alert_threshold) description += ", alert above " + Rounded(*measure.alert_threshold);
  return TestJson("Drift per Column", "data_drift", StatusOf(feature.state), description + ".", std::move(parameters));
}

Json ConceptTest(const ConceptResult& quality) {
  std::string description = "Quality by " + Utf8(quality.error) + " is " + std::string(Name(quality.state));
  if (!quality.reason.empty()) description += ": " + Utf8(quality.reason, 600);
  Json parameters = {{"error", Utf8(quality.error)}};
  Put(parameters, "value", quality.mean_error);
  return TestJson("Concept Drift", "concept_drift", StatusOf(quality.state), description + ".", std::move(parameters));
}

void PutTests(const ReportInput& input, Json& document) {
  const Evaluation& evaluation = *input.evaluation;
  Json tests = Json::array({ShareTest(input)});
  for (const FeatureResult& feature : evaluation.population.features) tests.push_back(ColumnTest(feature));
  if (evaluation.concept_drift) tests.push_back(ConceptTest(*evaluation.concept_drift));
  std::map<std::string, int> count;
  for (const Json& test : tests) ++count[test["status"].get<std::string>()];
  const int passed = count["SUCCESS"] + count["WARNING"];
  const int failed = count["FAIL"];
  std::erase_if(count, [](const auto& entry) { return entry.second == 0; });
  document["tests"] = tests;
  document["summary"] = {{"all_passed", passed == static_cast<int>(tests.size())},
                         {"total_tests", tests.size()},
                         {"success_tests", passed},
                         {"failed_tests", failed},
                         {"by_status", count}};
}

Json OwnPart(const ReportInput& input) {
  Json json = {{"schema_version", kEvidentlySchema},
               {"model_name", Utf8(input.model_name)},
               {"model_version", Utf8(input.model_version)},
               {"state", Name(input.evaluation->model_state)},
               {"verdict", VerdictJson(input)}};
  if (input.comparison) json["comparison"] = ComparisonJson(*input.comparison);
  json["not_judged"] = Json::array();
  for (const FeatureResult& feature : input.evaluation->population.features) {
    if (Judged(feature)) continue;
    json["not_judged"].push_back(
        {{"name", Utf8(feature.name)}, {"role", Name(feature.role)}, {"reason", Utf8(feature.reason, 1000)}});
  }
  if (input.evaluation->concept_drift) json["concept_drift"] = ConceptJson(*input.evaluation->concept_drift);
  return json;
}

// As Python writes a moment with its zone: "2026-05-28 20:26:40+00:00".
std::string Timestamp(std::int64_t time_ns) {
  std::string text = UtcTime(time_ns);
  text[10] = ' ';
  text.pop_back();
  return text + "+00:00";
}

}  // namespace

std::string RenderEvidentlyJson(const ReportInput& input, EvidentlyFlavour flavour) {
  Json document = {{"version", kVersion}};
  if (flavour != EvidentlyFlavour::kTestSuite) document["metrics"] = MetricsJson(input);
  if (flavour != EvidentlyFlavour::kReport) PutTests(input, document);
  document["timestamp"] = Timestamp(input.comparison && input.comparison->made_ns > 0 ? input.comparison->made_ns
                                                                                      : input.evaluation->time_ns);
  document["driftserve"] = OwnPart(input);
  return Text(document);
}

}  // namespace drift
