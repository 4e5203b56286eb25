#include "drift/report/verdict.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "drift/report/format.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

std::string Features(int count) { return std::to_string(count) + (count == 1 ? " feature" : " features"); }

// "temp (PSI 7.68, alert above 0.26)"
std::string WithFigures(const FeatureResult& feature) {
  const MeasureResult* measure = Leading(feature);
  if (measure == nullptr) return InSentence(feature.name);
  std::string text = InSentence(feature.name) + " (" +
                     (measure->measure == Measure::kKs ? "KS" : MeasureTitle(measure->measure)) + " " +
                     Rounded(measure->value);
  if (feature.state == State::kWarning && measure->warn_threshold) {
    text += ", warning above " + Rounded(*measure->warn_threshold);
  } else if (measure->alert_threshold) {
    text += ", alert above " + Rounded(*measure->alert_threshold);
  }
  return text + ")";
}

std::string FeatureClause(const ViewResult& view) {
  const Counts counts = Count(view, Role::kFeature);
  if (counts.all == 0) return "";
  const FeatureResult& worst = *WorstFirst(view, Role::kFeature).front();
  const int moved = counts.drifted > 0 ? counts.drifted : counts.warning;
  if (moved > 0) {
    return std::to_string(moved) + " of " + Features(counts.all) +
           (counts.drifted > 0 ? " drifted" : " moved beyond the warning threshold") +
           (moved == 1           ? ": "
            : counts.drifted > 0 ? ", worst "
                                 : ", most ") +
           WithFigures(worst);
  }
  if (counts.ready == counts.all) return "none of " + Features(counts.all) + " drifted";
  return "no feature drifted, " + std::to_string(counts.ready) + " of " + std::to_string(counts.all) + " judged";
}

// What holds of all outputs, or of all labels.
enum class Standing { kNone, kUnknown, kStable, kWarning, kDrifted };

Standing StandingOf(const Counts& counts) {
  if (counts.all == 0) return Standing::kNone;
  if (counts.drifted > 0) return Standing::kDrifted;
  if (counts.warning > 0) return Standing::kWarning;
  return counts.ready > 0 ? Standing::kStable : Standing::kUnknown;
}

std::string RoleClause(const ViewResult& view, Role role, const std::string& who, Standing standing) {
  switch (standing) {
    case Standing::kDrifted:
      return who + " drifted: " + WithFigures(*WorstFirst(view, role).front());
    case Standing::kWarning:
      return who + " moved: " + WithFigures(*WorstFirst(view, role).front());
    case Standing::kStable:
      return who + " are stable";
    case Standing::kUnknown:
      return who + " cannot be judged yet";
    default:
      return "";
  }
}

std::vector<std::string> OutcomeClauses(const ViewResult& view) {
  const Standing outputs = StandingOf(Count(view, Role::kPrediction));
  const Standing labels = StandingOf(Count(view, Role::kLabel));
  if (outputs == labels && (outputs == Standing::kStable || outputs == Standing::kUnknown)) {
    return {RoleClause(view, Role::kPrediction, "predictions and labels", outputs)};
  }
  return {RoleClause(view, Role::kPrediction, "predictions", outputs),
          RoleClause(view, Role::kLabel, "labels", labels)};
}

// The earliest alarm among the detectors that say `state`.
std::optional<std::int64_t> AlarmTime(const ConceptResult& quality, State state) {
  std::optional<std::int64_t> earliest;
  for (const DetectorResult& detector : quality.detectors) {
    if (detector.state != state || !detector.last_alarm_ns) continue;
    earliest = std::min(earliest.value_or(*detector.last_alarm_ns), *detector.last_alarm_ns);
  }
  return earliest;
}

// Mean error of the spans on one side of `time_ns`; empty where no label fell there.
std::optional<double> MeanError(const ConceptResult& quality, std::int64_t time_ns, bool after) {
  double sum = 0, labels = 0;
  for (const QualityPoint& point : quality.timeline) {
    if ((point.time_ns >= time_ns) != after) continue;
    sum += point.error * point.labels;
    labels += point.labels;
  }
  if (!(labels > 0)) return std::nullopt;
  return sum / labels;
}

// A detector sees that errors changed; which way, the spans before and after its alarm tell.
std::string QualityClause(const ConceptResult& quality, std::int64_t now_ns) {
  switch (quality.state) {
    case State::kDrifted: {
      const auto since = AlarmTime(quality, State::kDrifted);
      if (!since) return "quality changed";
      const auto before = MeanError(quality, *since, false), after = MeanError(quality, *since, true);
      const char* how = !before || !after ? "quality changed" : *after > *before ? "quality fell" : "quality rose";
      return std::string(how) + " since " + Moment(*since, now_ns);
    }
    case State::kWarning:
      return "quality may be changing";
    case State::kStable:
      return "quality holds";
    case State::kWarming:
      return "quality cannot be judged yet";
    default:
      return "";
  }
}

std::string Sentence(const std::vector<std::string>& clauses) {
  std::string sentence;
  for (const std::string& clause : clauses) {
    if (clause.empty()) continue;
    sentence += (sentence.empty() ? "" : "; ") + clause;
  }
  if (sentence.empty()) return "Nothing is watched.";
  if (sentence[0] >= 'a' && sentence[0] <= 'z') sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  return sentence + ".";
}

std::vector<std::string> Clauses(const ReportInput& input) {
  const Evaluation& evaluation = *input.evaluation;
  std::vector<std::string> clauses = {FeatureClause(evaluation.population)};
  for (std::string& clause : OutcomeClauses(evaluation.population)) clauses.push_back(std::move(clause));
  if (evaluation.concept_drift) clauses.push_back(QualityClause(*evaluation.concept_drift, evaluation.time_ns));
  return clauses;
}

// The second and third worst, where they moved as far as the worst has.
void AppendNextWorst(const ViewResult& view, std::string& detail) {
  const auto worst = WorstFirst(view, Role::kFeature);
  std::string text;
  for (std::size_t i = 1; i < std::min<std::size_t>(worst.size(), 3); ++i) {
    const bool moved = worst[i]->state == State::kDrifted || worst[i]->state == State::kWarning;
    if (!worst[i]->ready || !moved || worst[i]->state != worst[0]->state) break;
    text += (text.empty() ? "Then " : " and ") + WithFigures(*worst[i]);
  }
  if (!text.empty()) detail += text + ". ";
}

void AppendHidden(const Evaluation& evaluation, std::string& detail) {
  const auto hidden = HiddenInStrata(evaluation);
  if (hidden.empty()) return;
  detail += "Over all traffic not to be seen, but within its stratum drifted: " + WithFigures(*hidden[0].feature) +
            " in " + InSentence(hidden[0].view->stratum);
  if (hidden.size() > 1) detail += " and " + std::to_string(hidden.size() - 1) + " more";
  detail += ". ";
}

void AppendAppeared(const ReportInput& input, std::string& detail) {
  std::string text;
  for (const auto& [feature, categories] : input.appeared) {
    if (categories.empty()) continue;
    text += text.empty() ? "Categories that the reference does not know: “" : ", “";
    text += Utf8(categories[0].value, 40) + "” of " + InSentence(feature);
    if (categories.size() > 1) text += " and " + std::to_string(categories.size() - 1) + " more of it";
  }
  if (!text.empty()) detail += text + ". ";
}

void AppendUnjudged(const ViewResult& view, std::string& detail) {
  const Counts counts = Count(view, Role::kFeature);
  const int unjudged = counts.all - counts.ready;
  if (unjudged == 0 || counts.ready == 0) return;
  detail += Features(unjudged) + " cannot be judged yet; why is said beside " + (unjudged == 1 ? "it. " : "each. ");
}

std::string Detail(const ReportInput& input) {
  std::string detail;
  AppendNextWorst(input.evaluation->population, detail);
  AppendHidden(*input.evaluation, detail);
  AppendAppeared(input, detail);
  AppendUnjudged(input.evaluation->population, detail);
  if (!detail.empty()) detail.pop_back();
  return detail;
}

Verdict Observing(const ReportInput& input) {
  const auto worst = WorstFirst(input.evaluation->population, Role::kFeature);
  std::string sentence = "Under observation, no alerts yet";
  if (!worst.empty() && worst.front()->ready) sentence += "; farthest from the reference is " + WithFigures(*worst[0]);
  return {sentence + ".", Detail(input)};
}

Verdict Warming(const ReportInput& input) {
  const Counts counts = Count(input.evaluation->population, Role::kFeature);
  std::string sentence =
      "Too few rows to judge yet: " + std::to_string(counts.ready) + " of " + Features(counts.all) + " can be judged.";
  if (counts.all == 0) sentence = "Too few rows to judge yet.";
  return {sentence, "What each of the others waits for is said beside it."};
}

}  // namespace

std::string InSentence(const std::string& name) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  };
  const std::string text = Utf8(name, 60);
  return !text.empty() && std::all_of(text.begin(), text.end(), plain) ? text : "“" + text + "”";
}

Verdict VerdictOf(const ReportInput& input) {
  switch (input.evaluation->model_state) {
    case State::kWarming:
      return Warming(input);
    case State::kStale:
      return {input.window_ns > 0 ? "No rows for longer than the window of " + Duration(input.window_ns) + "."
                                  : "No rows for longer than the window.",
              "Figures come back with the traffic."};
    case State::kObserving:
      return Observing(input);
    default:
      return {Sentence(Clauses(input)), Detail(input)};
  }
}

}  // namespace drift
