#include "drift/report/strata_table.h"

#include "drift/report/format.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

// Judged by its own thresholds where the state says nothing (a model under observation).
const char* Heat(const FeatureResult& feature, const MeasureResult& measure) {
  if (feature.state == State::kDrifted) return "drifted";
  if (feature.state == State::kWarning) return "warning";
  if (measure.alert_threshold && measure.value > *measure.alert_threshold) return "drifted";
  return measure.warn_threshold && measure.value > *measure.warn_threshold ? "warning" : "stable";
}

void AppendCell(const FeatureResult* feature, std::string& html) {
  if (feature == nullptr || !feature->ready || feature->measures.empty()) {
    Append(html, "<td class=\"none\" title=\"", feature ? Html(feature->reason, 300) : "", "\">–</td>");
    return;
  }
  const MeasureResult* measure = Find(*feature, Measure::kPsi);
  if (measure == nullptr) measure = &feature->measures.front();
  Append(html, "<td class=\"", Heat(*feature, *measure), "\" title=\"", Name(measure->measure), ", ",
         Grouped(feature->kept_rows), " sampled rows\">", Rounded(measure->value), "</td>");
}

}  // namespace

std::string StrataTable(const Evaluation& evaluation) {
  if (evaluation.strata.empty()) return "";
  std::string html;
  html +=
      "<section><h2>By stratum</h2><p class=\"note\">PSI of each feature within each stratum; – where there are too "
      "few rows to tell.</p><div class=\"scroll heat\" tabindex=\"0\"><table><thead><tr><th></th>";
  for (const ViewResult& view : evaluation.strata) {
    Append(html, "<th>", Html(view.stratum, 40), "<small>", Grouped(view.rows_kept), " of ", Grouped(view.rows_seen),
           "</small></th>");
  }
  html += "</tr></thead><tbody>";
  for (const Role role : {Role::kFeature, Role::kPrediction, Role::kLabel}) {
    for (const FeatureResult* feature : WorstFirst(evaluation.population, role)) {
      Append(html, "<tr><th>", Html(feature->name, 60), "</th>");
      for (const ViewResult& view : evaluation.strata) AppendCell(FindFeature(view, *feature), html);
      html += "</tr>";
    }
  }
  return html + "</tbody></table></div></section>";
}

}  // namespace drift
