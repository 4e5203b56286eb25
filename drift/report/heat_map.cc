#include "drift/report/heat_map.h"

#include <algorithm>
#include <array>
#include <vector>

#include "drift/report/format.h"
#include "drift/report/markup.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

// How hot a cell is; the page's style has a colour for each. A colour is never alone: the number stands in the cell,
// and a sign beside it from kWarm on.
enum Heat { kCold, kMild, kWarm, kHot, kHottest };

struct Level {
  const char* style;
  const char* sign;  // with the word for those who hear the page
  const char* meaning;
};
constexpr std::array<Level, 5> kLevels = {{
    {"h0", "", "below half the warning threshold"},
    {"h1", "", "near the warning threshold"},
    {"h2", "<b>△<i>warning</i></b>", "warning"},
    {"h3", "<b>▲<i>drifted</i></b>", "drifted"},
    {"h4", "<b>▲▲<i>drifted</i></b>", "drifted, twice the alert threshold or more"},
}};

// By the state; by its own thresholds where the state says nothing (a model under observation).
Heat HeatOf(const FeatureResult& feature, const MeasureResult& measure) {
  const double warn = measure.warn_threshold.value_or(0), alert = measure.alert_threshold.value_or(warn);
  const bool judged = feature.state != State::kObserving;
  if (judged ? feature.state == State::kDrifted : alert > 0 && measure.value > alert) {
    return alert > 0 && measure.value >= 2 * alert ? kHottest : kHot;
  }
  if (judged ? feature.state == State::kWarning : warn > 0 && measure.value > warn) return kWarm;
  return measure.value >= warn / 2 && warn > 0 ? kMild : kCold;
}

void AppendCell(const FeatureResult* feature, std::string& html) {
  const MeasureResult* measure = feature != nullptr && feature->ready ? Leading(*feature) : nullptr;
  if (measure == nullptr) {
    Append(html, "<td title=\"", feature ? Html(feature->reason, 160) : "", "\">–</td>");
    return;
  }
  const Level& level = kLevels[HeatOf(*feature, *measure)];
  Append(html, "<td class=\"", level.style, "\" title=\"");
  if (measure->measure != Measure::kPsi) Append(html, MeasureTitle(measure->measure), ", ");
  if (measure->alert_threshold) Append(html, "alert above ", Rounded(*measure->alert_threshold), ", ");
  Append(html, Grouped(feature->kept_rows), " rows\">", level.sign, Rounded(measure->value), "</td>");
}

using Strata = std::vector<const ViewResult*>;

void AppendBlock(const Evaluation& evaluation, const Strata& strata, std::size_t from, std::string& html) {
  const std::size_t to = std::min(strata.size(), from + kHeatBlock);
  std::string which = "PSI by feature and stratum";
  if (strata.size() > kHeatBlock) {
    which +=
        ", strata " + std::to_string(from + 1) + " to " + std::to_string(to) + " of " + std::to_string(strata.size());
  }
  Append(html, OpenScroll(which, "heat " + std::to_string(from), "heat"), "<table><caption>", which,
         "</caption><thead><tr><th scope=\"col\">Feature</th>");
  for (std::size_t i = from; i < to; ++i) {
    Append(html, "<th scope=\"col\">", Html(strata[i]->stratum, 40), "<small>", Grouped(strata[i]->rows_kept),
           " rows</small></th>");
  }
  html += "</tr></thead><tbody>";
  for (const Role role : {Role::kFeature, Role::kPrediction, Role::kLabel}) {
    for (const FeatureResult* feature : WorstFirst(evaluation.population, role)) {
      Append(html, "<tr><th scope=\"row\">", Html(feature->name, 60), "</th>");
      for (std::size_t i = from; i < to; ++i) AppendCell(FindFeature(*strata[i], *feature), html);
      html += "</tr>";
    }
  }
  html += "</tbody></table></div>";
}

void AppendKey(std::string& html) {
  html += "<ul class=\"key heat\">";
  for (const Level& level : kLevels) {
    Append(html, "<li><span class=\"", level.style, "\">", level.sign, "</span>", level.meaning, "</li>");
  }
  html += "<li><span>–</span>too few rows to tell</li></ul>";
}

}  // namespace

std::string HeatMap(const Evaluation& evaluation) {
  if (evaluation.strata.empty()) return "";
  Strata strata;
  for (const ViewResult& view : evaluation.strata) strata.push_back(&view);
  if (strata.size() > kHeatStrata) {
    std::stable_sort(strata.begin(), strata.end(),
                     [](const ViewResult* a, const ViewResult* b) { return a->rows_seen > b->rows_seen; });
    strata.resize(kHeatStrata);
  }
  std::string html =
      "<section id=\"strata\" aria-labelledby=\"strata-title\"><h2 id=\"strata-title\">By stratum</h2><p "
      "class=\"note\">A "
      "shift within a small stratum can be invisible over all traffic. Each stratum is held against its own part of "
      "the reference, where that has one.";
  if (evaluation.strata.size() > strata.size()) {
    Append(html, " The ", std::to_string(strata.size()), " strata with the most rows of ",
           std::to_string(evaluation.strata.size()), ".");
  }
  html += "</p>";
  for (std::size_t from = 0; from < strata.size(); from += kHeatBlock) AppendBlock(evaluation, strata, from, html);
  AppendKey(html);
  return html + "</section>";
}

}  // namespace drift
