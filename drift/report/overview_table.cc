#include "drift/report/overview_table.h"

#include "drift/report/feature_card.h"
#include "drift/report/format.h"
#include "drift/report/markup.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

constexpr std::size_t kInSight = 8;

std::string Value(const FeatureResult& feature, Measure measure) {
  const MeasureResult* result = Find(feature, measure);
  return result == nullptr ? "–" : Rounded(result->value);
}

std::string Alert(const FeatureResult& feature, Measure measure) {
  const MeasureResult* result = Find(feature, measure);
  return result == nullptr || !result->alert_threshold ? "–" : Rounded(*result->alert_threshold);
}

void AppendLine(const ReportInput& input, const FeatureResult& feature, std::string& html) {
  const std::string id = CardId(input, feature);
  Append(html, "<tr><th scope=\"row\"><a href=\"#", id, "\" data-key=\"", id, " link\">", Html(feature.name, 60),
         "</a></th><td>", StateBadge(feature.state), "</td><td>", Value(feature, Measure::kPsi), "</td><td>",
         Alert(feature, Measure::kPsi), "</td><td>", Value(feature, Measure::kKs), "</td><td>",
         Alert(feature, Measure::kKs), "</td><td>", Grouped(feature.effective_samples), "</td><td>",
         feature.missing_ratio ? Percent(*feature.missing_ratio) : "–", "</td></tr>");
}

}  // namespace

std::string OverviewTable(const ReportInput& input) {
  const ViewResult& view = input.evaluation->population;
  if (view.features.size() <= kInSight) return "";
  std::string html =
      "<section id=\"overview\" aria-labelledby=\"overview-title\"><h2 id=\"overview-title\">At a glance</h2>";
  html += OpenScroll("At a glance", "overview", "card");
  html += OpenTable({"Feature", "State", "PSI", "alert above", "KS", "alert above", "Effective samples", "Missing"});
  for (const Role role : {Role::kFeature, Role::kPrediction, Role::kLabel}) {
    for (const FeatureResult* feature : WorstFirst(view, role)) AppendLine(input, *feature, html);
  }
  return html + "</tbody></table></div></section>";
}

}  // namespace drift
