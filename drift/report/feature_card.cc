#include "drift/report/feature_card.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "drift/report/course_svg.h"
#include "drift/report/format.h"
#include "drift/report/histogram_svg.h"
#include "drift/report/markup.h"
#include "drift/report/meters.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

std::string ProbabilityText(const std::optional<double>& p) {
  if (!p) return "–";
  return *p < 1e-12 ? "&lt; 1e-12" : Rounded(*p, 2);
}

std::string OrDash(const std::optional<double>& value) { return value ? Rounded(*value) : "–"; }

void AppendFacts(const FeatureResult& feature, std::string& html) {
  html += "<dl class=\"facts\">";
  if (feature.effective_samples > 0) {
    html += Fact("Effective samples", Grouped(feature.effective_samples), "of " + Grouped(feature.kept_rows) + " rows");
  } else {
    html += Fact("Rows", Grouped(feature.kept_rows));
  }
  if (feature.missing_ratio) {
    html += Fact("Missing", Percent(*feature.missing_ratio), "reference " + Percent(feature.reference_missing_ratio));
  }
  html += "</dl>";
}

// Categories of the traffic that the reference does not know; beyond these many they are only counted.
void AppendAppeared(const ReportInput& input, const FeatureResult& feature, std::string& html) {
  constexpr std::size_t kShown = 20;
  const auto found = input.appeared.find(feature.name);
  if (found == input.appeared.end() || found->second.empty()) return;
  const std::vector<AppearedCategory>& categories = found->second;
  html += "<div class=\"appeared\"><h4>Categories that appeared</h4><ul>";
  for (std::size_t i = 0; i < std::min(categories.size(), kShown); ++i) {
    Append(html, "<li>", Html(categories[i].value, 60), " <b>", Tidy(100 * categories[i].share, 2), " %</b></li>");
  }
  if (categories.size() > kShown) Append(html, "<li>and ", std::to_string(categories.size() - kShown), " more</li>");
  html += "</ul></div>";
}

void AppendMeasures(const FeatureResult& feature, const std::string& id, std::string& html) {
  html += OpenScroll("Measures of " + Html(feature.name, 60), id + " measures");
  html += OpenTable({"Measure", "Value", "Corrected", "Warn", "Alert", "p, warn", "p, alert", "p, none"});
  for (const MeasureResult& measure : feature.measures) {
    Append(html, "<tr><th scope=\"row\">", MeasureTitle(measure.measure), "</th><td>", Rounded(measure.value, 4),
           "</td><td>", OrDash(measure.bias_corrected), "</td><td>", OrDash(measure.warn_threshold), "</td><td>",
           OrDash(measure.alert_threshold), "</td><td>", ProbabilityText(measure.p_value), "</td><td>",
           ProbabilityText(measure.p_value_alert), "</td><td>", ProbabilityText(measure.p_value_no_drift),
           "</td></tr>");
  }
  Append(html,
         "</tbody></table></div><p class=\"note\">p: the chance of such a value where the true distance is at most the "
         "tolerance (warn, alert), or nothing changed (none). Design effect ",
         Rounded(feature.design_effect), ", missing share p = ", ProbabilityText(feature.missing_p_value), ".</p>");
}

void AppendBins(const FeatureResult& feature, const std::string& id, std::string& html) {
  html += OpenScroll("Bins of " + Html(feature.name, 60), id + " bins") + OpenTable({"Bin", "Reference", "Current"});
  for (const Bin& bin : feature.bins) {
    Append(html, "<tr><th scope=\"row\">", Html(bin.label.str(), 60), "</th><td>", Percent(bin.reference_share), "</td><td>",
           bin.current_share ? Percent(*bin.current_share) : "–", "</td></tr>");
  }
  html += "</tbody></table></div>";
}

void AppendFigures(const FeatureResult& feature, const std::string& id, std::string& html) {
  Append(html, "<details data-key=\"", id, "\"><summary>All figures<span class=\"heard\"> of ", Html(feature.name, 60),
         "</span></summary><div class=\"tables\"><div>");
  AppendMeasures(feature, id, html);
  html += "</div><div>";
  AppendBins(feature, id, html);
  html += "</div></div></details>";
}

std::string KindText(const FeatureResult& feature) {
  return std::string(Name(feature.kind)) +
         (feature.role == Role::kFeature ? "" : " " + std::string(Name(feature.role)));
}

void AppendSide(const ReportInput& input, const FeatureResult& feature, std::string& html) {
  html += "<div class=\"side\">";
  for (const MeasureResult& measure : feature.measures) html += MeasureMeter(measure);
  if (feature.ready) html += PsiCourse(input, feature);
  AppendFacts(feature, html);
  AppendAppeared(input, feature, html);
  html += "</div>";
}

}  // namespace

std::string CardId(const ReportInput& input, const FeatureResult& feature) {
  return "f" + std::to_string(&feature - input.evaluation->population.features.data());
}

std::string FeatureCard(const ReportInput& input, const FeatureResult& feature) {
  const std::string id = CardId(input, feature);
  std::string html;
  Append(html, "<article class=\"card ", Name(feature.state), "\" id=\"", id, "\" aria-labelledby=\"", id,
         "n\"><header><h3 id=\"", id, "n\">", Html(feature.name), "</h3><span class=\"kind\">", KindText(feature),
         "</span>", StateBadge(feature.state), "</header>");
  if (!feature.reason.empty()) {
    const std::string text = feature.reason == "constant" ? "One value in reference and traffic."
                                                          : "Not judged yet: " + Html(feature.reason, 600);
    Append(html, "<p class=\"reason\">", text, "</p>");
  }
  Append(html, "<div class=\"body\"><figure>", HistogramSvg(feature, ReferenceOf(input, feature)),
         "<figcaption class=\"key\"><span class=\"ref\"></span>reference<span class=\"cur\"></span>current</figcaption>"
         "</figure>");
  AppendSide(input, feature, html);
  html += "</div>";
  if (feature.ready) AppendFigures(feature, id, html);
  return html + "</article>";
}

}  // namespace drift
