#include <algorithm>
#include <array>

#include "drift/profile/monitor_sections.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kDay = 86'400'000'000'000;
constexpr int64_t kMostRows = 10'000'000;

const FeatureSpec* FindPrediction(const MonitorSettings& settings, const std::string& name) {
  for (const FeatureSpec& spec : settings.predictions) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

/// What a label is told by when nothing is said: a class by whether it was met, a number by how far it was missed, and
/// anything else is taken for a probability.
ErrorMeasure DefaultError(const LabelSettings& labels, const FeatureSpec* prediction) {
  if (labels.kind == Kind::kNumeric) return ErrorMeasure::kAbsoluteError;
  const bool classes = prediction != nullptr && prediction->kind == Kind::kCategorical;
  return classes ? ErrorMeasure::kZeroOne : ErrorMeasure::kLogLoss;
}

void CheckName(Fields& fields, const MonitorSettings& settings, const std::string& name) {
  if (!IsSeriesName(name)) {
    fields.Refuse("name", "at most 128 bytes without control characters", "a longer or other text");
  }
  const auto named = [&name](const FeatureSpec& spec) { return spec.name == name; };
  if (std::any_of(settings.features.begin(), settings.features.end(), named) ||
      std::any_of(settings.predictions.begin(), settings.predictions.end(), named)) {
    fields.Refuse("name", "another name than those of features and predictions", Concat("'", name, "' again"));
  }
}

void CheckError(Fields& fields, const LabelSettings& labels, const FeatureSpec& prediction) {
  if (prediction.kind == Kind::kCategorical && labels.error != ErrorMeasure::kZeroOne) {
    fields.Refuse("error", Concat("zero_one, as prediction '", prediction.name, "' is categorical"),
                  Concat("'", Name(labels.error), "'"));
  } else if (labels.error == ErrorMeasure::kLogLoss && labels.kind == Kind::kNumeric) {
    fields.Refuse("error", "absolute_error or squared_error for a numeric label: log_loss is of labels 0 and 1",
                  "'log_loss'");
  }
}

void ReadDetectors(Fields& fields, LabelSettings& labels) {
  constexpr std::array kKinds = {DetectorKind::kAdwin, DetectorKind::kDdm, DetectorKind::kPageHinkley};
  const std::array<std::string_view, 3> names = {Name(kKinds[0]), Name(kKinds[1]), Name(kKinds[2])};
  if (!fields.Find("detectors")) return;
  labels.detectors.clear();
  fields.ReadList("detectors", [&](const YAML::Node& node, const std::string& path) {
    const auto found = node.IsScalar() ? std::find(names.begin(), names.end(), node.Scalar()) : names.end();
    if (found == names.end()) {
      fields.faults().Add(node.Mark(), path, Concat("one of ", JoinNames(names)), Describe(node));
      return;
    }
    const DetectorKind kind = kKinds[static_cast<size_t>(found - names.begin())];
    if (std::find(labels.detectors.begin(), labels.detectors.end(), kind) != labels.detectors.end()) {
      fields.faults().Add(node.Mark(), path, "each detector once", Concat(Describe(node), " again"));
      return;
    }
    labels.detectors.push_back(kind);
  });
  if (labels.detectors.empty()) fields.Refuse("detectors", "at least one detector", "none");
}

/// Name and prediction, which have no default.
void ReadRequired(Fields& fields, std::string_view key, std::string& text) {
  if (!fields.Read(key, &text) && text.empty() && !fields.Find(key)) {
    fields.Refuse(key, "a text", "nothing: the key is missing");
  }
}

}  // namespace

void ReadLabels(Fields& document, MonitorSettings& settings) {
  document.ReadSection("labels", [&](Fields& fields) {
    const bool declared = settings.labels.has_value();
    LabelSettings labels = settings.labels.value_or(LabelSettings{});
    ReadRequired(fields, "name", labels.name);
    ReadRequired(fields, "prediction", labels.prediction);
    CheckName(fields, settings, labels.name);
    int choice;
    if (fields.ReadChoice("type", {"numeric", "categorical"}, &choice)) labels.kind = static_cast<Kind>(choice);
    const FeatureSpec* const prediction = FindPrediction(settings, labels.prediction);
    if (!declared || fields.Find("type")) labels.error = DefaultError(labels, prediction);
    if (fields.ReadChoice("error", {"log_loss", "absolute_error", "squared_error", "zero_one"}, &choice)) {
      labels.error = static_cast<ErrorMeasure>(choice);
    }
    fields.ReadDuration("time_limit", kMillisecond, 366 * kDay, &labels.time_limit_ns);
    fields.Read("table_rows", int64_t{1}, kMostRows, &labels.table_rows);
    fields.Read("min_join_rate", 0.0, 1.0, &labels.min_join_rate);
    ReadDetectors(fields, labels);
    if (prediction != nullptr) {
      CheckError(fields, labels, *prediction);
    } else if (!labels.prediction.empty()) {
      fields.Refuse("prediction", "the name of one of the predictions", Concat("'", labels.prediction, "'"));
    }
    settings.labels = std::move(labels);
  });
}

}  // namespace drift
