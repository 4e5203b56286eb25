#include "drift/report/summary_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "drift/report/format.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"
#include "drift/report/verdict.h"

namespace drift {
namespace {

constexpr std::size_t kColumns = kSummaryColumns;
constexpr std::size_t kWorstRows = 5, kVerdictLines = 3, kNameColumns = 26;

using Lines = std::vector<std::string>;

std::size_t Columns(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// The first `columns` characters; where there are more, the last of them is "…".
std::string Cut(const std::string& text, std::size_t columns) {
  if (Columns(text) <= columns) return text;
  std::size_t at = 0;
  for (std::size_t seen = 0; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (starts && seen++ == columns - 1) break;
  }
  return text.substr(0, at) + "…";
}

// `text` broken at spaces, at most `most` lines; a longer word is cut.
Lines Wrap(const std::string& text, std::size_t most) {
  Lines lines = {""};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = Cut(text.substr(at, end - at), kColumns);
    at = end + 1;
    if (word.empty()) continue;
    if (!lines.back().empty() && Columns(lines.back()) + 1 + Columns(word) > kColumns) {
      if (lines.size() == most) {
        lines.back() = Cut(lines.back() + " " + word, kColumns);
        return lines;
      }
      lines.emplace_back();
    }
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

std::string Padded(const std::string& text, std::size_t columns, bool right) {
  const std::string space(columns - std::min(columns, Columns(text)), ' ');
  return right ? space + text : text + space;
}

std::string PlainPercent(double share) { return Tidy(100 * share, 3) + " %"; }

void Add(Lines& lines, const std::string& line) { lines.push_back(Cut(line, kColumns)); }

std::string Row(const std::array<std::string, 6>& cells) {
  constexpr std::array<std::size_t, 6> kWidths = {kNameColumns, 10, 9, 9, 9, 9};
  std::string row = "  ";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    row += Padded(Cut(cells[i], kWidths[i]), kWidths[i], i > 1) + (i == 0 ? " " : "");
  }
  return row.substr(0, row.find_last_not_of(' ') + 1);
}

std::string Figure(const std::optional<double>& value) { return value ? Rounded(*value) : "-"; }

std::string FeatureRow(const FeatureResult& feature) {
  const MeasureResult& measure = *Leading(feature);
  const std::string title = measure.measure == Measure::kKs ? "KS" : MeasureTitle(measure.measure);
  return Row({Utf8(feature.name, 60), title, Rounded(measure.value), Figure(measure.warn_threshold),
              Figure(measure.alert_threshold), std::string(Name(feature.state))});
}

void AddWorst(const ViewResult& view, Lines& lines) {
  std::vector<const FeatureResult*> judged = WorstFirst(view, Role::kFeature);
  std::erase_if(judged, [](const FeatureResult* feature) { return !feature->ready || Leading(*feature) == nullptr; });
  if (judged.empty()) return;
  lines.push_back(Row({"Worst features", "measure", "value", "warning", "alert", "state"}).substr(2));
  const std::size_t shown = std::min(judged.size(), kWorstRows);
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(FeatureRow(*judged[i]));
  if (shown == judged.size()) return;
  const auto drifted = std::count_if(judged.begin() + static_cast<std::ptrdiff_t>(shown), judged.end(),
                                     [](const FeatureResult* feature) { return feature->state == State::kDrifted; });
  Add(lines, "  and " + std::to_string(judged.size() - shown) + " more, " +
                 (drifted == 0 ? "none" : std::to_string(drifted)) + " of them drifted");
}

void AddUnjudged(const ViewResult& view, Lines& lines) {
  std::string text;
  int more = 0;
  for (const FeatureResult& feature : view.features) {
    if (feature.ready) continue;
    if (text.empty()) {
      text = InSentence(feature.name) + " (" + Utf8(feature.reason, 100) + ")";
    } else {
      ++more;
    }
  }
  if (text.empty()) return;
  Add(lines, "Not judged: " + (more > 0 ? std::to_string(more + 1) + ", such as " : "") + text);
}

void AddAppeared(const ReportInput& input, Lines& lines) {
  std::string text;
  for (const auto& [feature, categories] : input.appeared) {
    for (const AppearedCategory& category : categories) {
      text += (text.empty() ? "" : ", ") + InSentence(feature) + " " + InSentence(category.value) + " " +
              PlainPercent(category.share);
    }
  }
  if (!text.empty()) Add(lines, "New categories: " + text);
}

void AddStrata(const Evaluation& evaluation, Lines& lines) {
  if (evaluation.strata.empty()) return;
  const auto drifted = std::count_if(evaluation.strata.begin(), evaluation.strata.end(),
                                     [](const ViewResult& view) { return Count(view, Role::kFeature).drifted > 0; });
  std::string text = "Strata: " + std::to_string(evaluation.strata.size()) + ", drift in " + std::to_string(drifted);
  const auto hidden = HiddenInStrata(evaluation);
  if (!hidden.empty()) {
    text += "; only there: " + InSentence(hidden[0].feature->name) + " in " + InSentence(hidden[0].view->stratum);
    if (hidden.size() > 1) text += " and " + std::to_string(hidden.size() - 1) + " more";
  }
  Add(lines, text);
}

void AddOutcome(const ViewResult& view, Role role, const char* title, Lines& lines) {
  const auto worst = WorstFirst(view, role);
  if (worst.empty()) return;
  const FeatureResult& feature = *worst.front();
  std::string text = std::string(title) + InSentence(feature.name) + " " + std::string(Name(feature.state));
  if (const MeasureResult* measure = Leading(feature)) {
    text += ", " + MeasureTitle(measure->measure) + " " + Rounded(measure->value);
    if (measure->alert_threshold) text += ", alert above " + Rounded(*measure->alert_threshold);
  }
  if (worst.size() > 1) text += "; and " + std::to_string(worst.size() - 1) + " more";
  Add(lines, text);
}

void AddQuality(const Evaluation& evaluation, Lines& lines) {
  if (!evaluation.concept_drift) return;
  const ConceptResult& quality = *evaluation.concept_drift;
  std::string text = "Quality: " + std::string(Name(quality.state));
  if (quality.mean_error) text += ", " + Utf8(quality.error, 20) + " " + Rounded(*quality.mean_error);
  text += ", " + Grouped(static_cast<double>(quality.labels_joined)) + " labels";
  if (quality.join_rate) text += ", " + PlainPercent(*quality.join_rate) + " joined";
  if (quality.label_lag_seconds) {
    text += ", lag " + Duration(static_cast<std::int64_t>(*quality.label_lag_seconds * 1e9));
  }
  Add(lines, text);
  if (!quality.reason.empty()) Add(lines, "  " + Utf8(quality.reason, 200));
}

void AddSide(const char* title, const DataSide& side, Lines& lines) {
  std::string text = std::string(title) + Grouped(static_cast<double>(side.rows)) + " rows";
  if (side.first_ns != 0) text += ", " + UtcTime(side.first_ns) + " to " + UtcTime(side.last_ns);
  Add(lines, text);
  Add(lines, "  " + Utf8(side.source, 60) + (side.hash.empty() ? "" : ", hash " + Utf8(side.hash.substr(0, 12))));
}

void AddData(const ReportInput& input, Lines& lines) {
  const Evaluation& evaluation = *input.evaluation;
  if (input.comparison) {
    AddSide("Current: ", input.comparison->current, lines);
    AddSide("Reference: ", input.comparison->reference, lines);
    std::string made = "Made " + UtcTime(input.comparison->made_ns);
    if (!input.comparison->program.empty()) made += " by " + Utf8(input.comparison->program, 60);
    Add(lines, made);
    return;
  }
  std::string text =
      "Rows: " + Grouped(evaluation.population.rows_kept) + " sampled of " + Grouped(evaluation.population.rows_seen);
  if (input.window_ns > 0) text += " in " + Duration(input.window_ns);
  if (evaluation.time_ns > 0) text += ", to " + UtcTime(evaluation.time_ns);
  Add(lines, text);
  if (input.reference == nullptr) return;
  Add(lines, "Reference: " + Grouped(static_cast<double>(input.reference->rows)) + " rows, hash " +
                 Utf8(input.reference->hash.substr(0, 12)));
}

std::string NextStep(const ReportInput& input) {
  const Evaluation& evaluation = *input.evaluation;
  const auto worst = WorstFirst(evaluation.population, Role::kFeature);
  if (!worst.empty() && worst[0]->ready && worst[0]->state == State::kDrifted) {
    return "Next: see how " + InSentence(worst[0]->name) + " moved, then check its source, unit and joins.";
  }
  if (evaluation.concept_drift && evaluation.concept_drift->state == State::kDrifted) {
    return "Next: the features hold but errors changed; compare recent labels with old.";
  }
  if (!HiddenInStrata(evaluation).empty()) return "Next: see these strata in the report.";
  if (evaluation.model_state == State::kWarming) return "Next: more rows are needed before anything can be said.";
  return "Next: nothing needs to be done.";
}

}  // namespace

std::string RenderSummary(const ReportInput& input) {
  const Evaluation& evaluation = *input.evaluation;
  Lines lines;
  const std::string version = input.model_version.empty() ? "" : " version " + Utf8(input.model_version, 12);
  Add(lines, Utf8(input.model_name, 50) + version + ": " + std::string(Name(evaluation.model_state)));
  for (const std::string& line : Wrap(VerdictOf(input).sentence, kVerdictLines)) lines.push_back(line);
  lines.emplace_back();
  AddWorst(evaluation.population, lines);
  AddUnjudged(evaluation.population, lines);
  AddAppeared(input, lines);
  AddStrata(evaluation, lines);
  AddOutcome(evaluation.population, Role::kPrediction, "Predictions: ", lines);
  AddOutcome(evaluation.population, Role::kLabel, "Labels: ", lines);
  AddQuality(evaluation, lines);
  AddData(input, lines);
  Add(lines, NextStep(input));
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace drift
