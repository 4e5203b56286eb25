#include "drift/report/summary.h"

#include <algorithm>
#include <tuple>

#include "drift/report/format.h"
#include "drift/report/text.h"

namespace drift {
namespace {

int Severity(const FeatureResult& feature) {
  if (!feature.ready) return 0;
  if (feature.state == State::kDrifted) return 3;
  return feature.state == State::kWarning ? 2 : 1;
}

struct Counts {
  int all = 0, ready = 0, drifted = 0, warning = 0;
};

Counts Count(const ViewResult& view) {
  Counts counts;
  for (const FeatureResult& feature : view.features) {
    if (feature.role != Role::kFeature) continue;
    ++counts.all;
    counts.ready += feature.ready;
    counts.drifted += feature.ready && feature.state == State::kDrifted;
    counts.warning += feature.ready && feature.state == State::kWarning;
  }
  return counts;
}

std::string Features(int count) { return std::to_string(count) + (count == 1 ? " feature" : " features"); }

std::string NameAndValue(const FeatureResult& feature) {
  std::string text = "“" + Utf8(feature.name, 60) + "”";
  if (const MeasureResult* psi = Find(feature, Measure::kPsi)) text += " with a PSI of " + Rounded(psi->value);
  return text;
}

// "Most: “temp” with a PSI of 7.7, then “dewp” …"
std::string Worst(const ViewResult& view, State state, const char* lead) {
  std::string text;
  int named = 0;
  for (const FeatureResult* feature : WorstFirst(view, Role::kFeature)) {
    if (!feature->ready || feature->state != state || named == 3) continue;
    text += (named++ == 0 ? lead : ", then ") + NameAndValue(*feature);
  }
  return text.empty() ? text : text + ".";
}

std::string Predictions(const ViewResult& view) {
  for (const FeatureResult* output : WorstFirst(view, Role::kPrediction)) {
    if (output->ready && output->state == State::kDrifted) {
      return " The model's own output " + NameAndValue(*output) + " has moved too.";
    }
  }
  return "";
}

Verdict Moved(const ViewResult& view, const Counts& counts) {
  if (counts.drifted > 0) {
    return {std::to_string(counts.drifted) + " of " + Features(counts.all) + " no longer " +
                (counts.drifted == 1 ? "looks" : "look") + " like the training data.",
            Worst(view, State::kDrifted, "Most: ") + Predictions(view)};
  }
  if (counts.warning > 0) {
    return {std::to_string(counts.warning) + " of " + Features(counts.all) +
                (counts.warning == 1 ? " moves" : " move") + " away from the training data.",
            Worst(view, State::kWarning, "Most: ") + Predictions(view)};
  }
  std::string detail = counts.ready == counts.all
                           ? "No feature has moved beyond its tolerance."
                           : std::to_string(counts.ready) + " of " + Features(counts.all) +
                                 " could be judged; none of them has moved beyond its tolerance.";
  return {"The traffic looks like the training data.", detail + Predictions(view)};
}

Verdict Observing(const ViewResult& view) {
  const auto worst = WorstFirst(view, Role::kFeature);
  std::string detail = "Values are shown and no alert is raised until the period ends.";
  if (!worst.empty() && worst.front()->ready && AlertRatio(*worst.front()) > 1) {
    detail += " Farthest from the training data so far: " + NameAndValue(*worst.front()) + ".";
  }
  return {"This model is in its observation period.", detail};
}

}  // namespace

const MeasureResult* Find(const FeatureResult& feature, Measure measure) {
  for (const MeasureResult& result : feature.measures) {
    if (result.measure == measure) return &result;
  }
  return nullptr;
}

double AlertRatio(const FeatureResult& feature) {
  double ratio = 0;
  for (const MeasureResult& measure : feature.measures) {
    if (measure.alert_threshold && *measure.alert_threshold > 0) {
      ratio = std::max(ratio, measure.value / *measure.alert_threshold);
    }
  }
  return ratio;
}

std::vector<const FeatureResult*> WorstFirst(const ViewResult& view, Role role) {
  std::vector<const FeatureResult*> features;
  for (const FeatureResult& feature : view.features) {
    if (feature.role == role) features.push_back(&feature);
  }
  std::stable_sort(features.begin(), features.end(), [](const FeatureResult* a, const FeatureResult* b) {
    return std::tuple(Severity(*a), AlertRatio(*a)) > std::tuple(Severity(*b), AlertRatio(*b));
  });
  return features;
}

Verdict VerdictOf(const ReportInput& input) {
  const ViewResult& view = input.evaluation->population;
  const Counts counts = Count(view);
  switch (input.evaluation->model_state) {
    case State::kWarming:
      return {"There is not enough traffic yet to judge.",
              std::to_string(counts.ready) + " of " + Features(counts.all) +
                  " could be judged. What each of the others waits for is said beside it."};
    case State::kStale:
      return {"No traffic has come for longer than the window.", "The figures below are of the rows that came last."};
    case State::kObserving:
      return Observing(view);
    default:
      return Moved(view, counts);
  }
}

}  // namespace drift
