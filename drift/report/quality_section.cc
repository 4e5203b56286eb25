#include "drift/report/quality_section.h"

#include <optional>

#include "drift/report/feature_card.h"
#include "drift/report/format.h"
#include "drift/report/text.h"

namespace drift {
namespace {

void AppendFact(const char* name, const std::string& value, std::string& html) {
  Append(html, "<div><dt>", name, "</dt><dd>", value, "</dd></div>");
}

void AppendFacts(const ConceptResult& quality, std::string& html) {
  html += "<dl class=\"facts\">";
  if (quality.mean_error) AppendFact("Mean error", Rounded(*quality.mean_error), html);
  AppendFact("Labels joined", Grouped(static_cast<double>(quality.labels_joined)), html);
  if (quality.join_rate) AppendFact("Join rate", Percent(*quality.join_rate), html);
  if (quality.label_lag_seconds) {
    AppendFact("Label lag, median", Duration(static_cast<std::int64_t>(*quality.label_lag_seconds * 1e9)), html);
  }
  html += "</dl>";
}

std::string OrDash(const std::optional<double>& value) { return value ? Rounded(*value) : "–"; }

void AppendDetectors(const ConceptResult& quality, std::int64_t now_ns, std::string& html) {
  html +=
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Detectors\" data-key=\"detectors\"><table><thead><tr>"
      "<th scope=\"col\">Detector</th><th scope=\"col\">State</th><th scope=\"col\">Value</th>"
      "<th scope=\"col\">Alarm above</th><th scope=\"col\">Alarms</th><th scope=\"col\">Last alarm</th></tr></thead><tbody>";
  for (const DetectorResult& detector : quality.detectors) {
    Append(html, "<tr><th scope=\"row\">", DetectorTitle(detector.detector), "</th><td>", StateBadge(detector.state), "</td><td>",
           OrDash(detector.value), "</td><td>", OrDash(detector.threshold), "</td><td>", std::to_string(detector.alarms),
           "</td><td>", detector.last_alarm_ns ? Moment(*detector.last_alarm_ns, now_ns) : "–", "</td></tr>");
  }
  html += "</tbody></table></div>";
}

void AppendSpans(const ConceptResult& quality, std::string& html) {
  if (quality.timeline.empty()) return;
  html +=
      "<details data-key=\"spans\"><summary>Error of every span</summary><div class=\"scroll\" role=\"region\" tabindex=\"0\" "
      "aria-label=\"Error of every span\" data-key=\"spans table\"><table><thead><tr><th scope=\"col\">From</th>"
      "<th scope=\"col\">Error</th><th scope=\"col\">Labels</th></tr></thead><tbody>";
  for (const QualityPoint& point : quality.timeline) {
    Append(html, "<tr><th scope=\"row\">", UtcTime(point.time_ns), "</th><td>", Rounded(point.error, 4), "</td><td>",
           Grouped(point.labels), "</td></tr>");
  }
  html += "</tbody></table></div></details>";
}

}  // namespace

std::string DetectorTitle(const std::string& detector) {
  if (detector == "adwin") return "ADWIN";
  if (detector == "ddm") return "DDM";
  return detector == "page_hinkley" ? "Page–Hinkley" : Html(detector, 24);
}

std::string QualitySection(const Evaluation& evaluation) {
  if (!evaluation.concept_drift) return "";
  const ConceptResult& quality = *evaluation.concept_drift;
  std::string html;
  Append(html,
         "<section id=\"quality\" aria-labelledby=\"quality-title\"><h2 id=\"quality-title\">Quality: predictions against "
         "labels</h2><div class=\"card ",
         Name(quality.state), "\"><header><h3>", Html(quality.error, 60), "</h3><span class=\"kind\">error over time</span>",
         StateBadge(quality.state), "</header>");
  if (!quality.reason.empty()) Append(html, "<p class=\"reason\">Not judged yet: ", Html(quality.reason, 600), "</p>");
  html += "<div class=\"body\">";
  const std::string drawing = QualitySvg(quality, evaluation.time_ns);
  Append(html, "<figure>", drawing.empty() ? "<p class=\"note\">Too few labels to draw a course.</p>" : drawing,
         "</figure><div class=\"side\">");
  AppendDetectors(quality, evaluation.time_ns, html);
  AppendFacts(quality, html);
  html += "</div></div>";
  AppendSpans(quality, html);
  return html + "</div></section>";
}

}  // namespace drift
