#include "drift/report/feature_card.h"

#include <optional>
#include <vector>

#include "drift/report/format.h"
#include "drift/report/histogram_svg.h"
#include "drift/report/meters.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

std::size_t IndexOf(const ReportInput& input, const FeatureResult& feature) {
  return static_cast<std::size_t>(&feature - input.evaluation->population.features.data());
}

std::string ProbabilityText(const std::optional<double>& p) {
  if (!p) return "–";
  return *p < 1e-12 ? "&lt; 1e-12" : Rounded(*p, 2);
}

std::string OrDash(const std::optional<double>& value) { return value ? Rounded(*value) : "–"; }

void AppendFact(const char* name, const std::string& value, const char* meaning, std::string& html) {
  Append(html, "<div title=\"", meaning, "\"><dt>", name, "</dt><dd>", value, "</dd></div>");
}

void AppendFacts(const FeatureResult& feature, std::string& html) {
  html += "<dl class=\"facts\">";
  AppendFact("Sampled rows", Grouped(feature.kept_rows), "Rows of this window that were sampled", html);
  if (feature.effective_samples > 0) {
    AppendFact("Effective samples", Grouped(feature.effective_samples),
               "Independent rows that these are worth, after weights, bursts and repeats", html);
  }
  if (feature.missing_ratio) {
    AppendFact(
        "Missing",
        Percent(*feature.missing_ratio) + " <small>training " + Percent(feature.reference_missing_ratio) + "</small>",
        "Share of missing values now and in training", html);
  }
  html += "</dl>";
}

void AppendFigures(const FeatureResult& feature, std::string& html) {
  Append(html, "<details data-key=\"", Html(feature.name),
         "\"><summary>All figures</summary><div class=\"tables\"><div><div class=\"scroll\" tabindex=\"0\"><table>"
         "<thead><tr><th>Measure</th><th>Value</th><th>Corrected</th><th>Warn</th><th>Alert</th>"
         "<th title=\"of a distance at most the warning tolerance\">p, warn</th>"
         "<th title=\"of a distance at most the alert tolerance\">p, alert</th>"
         "<th title=\"of no change at all\">p, none</th></tr></thead><tbody>");
  for (const MeasureResult& measure : feature.measures) {
    Append(html, "<tr><th>", MeasureTitle(measure.measure), "</th><td>", Rounded(measure.value, 4), "</td><td>",
           OrDash(measure.bias_corrected), "</td><td>", OrDash(measure.warn_threshold), "</td><td>",
           OrDash(measure.alert_threshold), "</td><td>", ProbabilityText(measure.p_value), "</td><td>",
           ProbabilityText(measure.p_value_alert), "</td><td>", ProbabilityText(measure.p_value_no_drift),
           "</td></tr>");
  }
  Append(html, "</tbody></table></div><p class=\"note\">Design effect ", Rounded(feature.design_effect),
         ", missing share p = ", ProbabilityText(feature.missing_p_value), ".</p></div>");
  Append(html,
         "<div class=\"scroll\" "
         "tabindex=\"0\"><table><thead><tr><th>Bin</th><th>Training</th><th>Now</th></tr></thead><tbody>");
  for (const Bin& bin : feature.bins) {
    Append(html, "<tr><th>", Html(bin.label, 60), "</th><td>", Percent(bin.reference_share), "</td><td>",
           bin.current_share ? Percent(*bin.current_share) : "–", "</td></tr>");
  }
  html += "</tbody></table></div></div></details>";
}

std::string KindText(const FeatureResult& feature) {
  return std::string(Name(feature.kind)) +
         (feature.role == Role::kFeature ? "" : " " + std::string(Name(feature.role)));
}

}  // namespace

std::string StateBadge(State state) {
  return "<span class=\"badge " + std::string(Name(state)) + "\">" + std::string(Name(state)) + "</span>";
}

std::string FeatureCard(const ReportInput& input, const FeatureResult& feature) {
  std::string html;
  Append(html, "<article class=\"card ", Name(feature.state), "\"><header><h3>", Html(feature.name),
         "</h3><span class=\"kind\">", KindText(feature), "</span>", StateBadge(feature.state), "</header>");
  if (!feature.ready && !feature.reason.empty()) {
    Append(html, "<p class=\"reason\">Not judged yet: ", Html(feature.reason, 600), "</p>");
  }
  Append(html, "<div class=\"body\"><figure>", HistogramSvg(feature, ReferenceOf(input, feature)),
         "</figure><div class=\"side\">");
  for (const MeasureResult& measure : feature.measures) {
    if (measure.measure == Measure::kPsi || measure.measure == Measure::kKs) html += MeasureMeter(measure);
  }
  if (feature.ready) html += PsiCourse(input.history, IndexOf(input, feature), Find(feature, Measure::kPsi));
  AppendFacts(feature, html);
  html += "</div></div>";
  if (feature.ready) AppendFigures(feature, html);
  return html + "</article>";
}

}  // namespace drift
