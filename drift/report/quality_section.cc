#include "drift/report/quality_section.h"

#include <optional>

#include "drift/report/format.h"
#include "drift/report/markup.h"
#include "drift/report/text.h"

namespace drift {
namespace {

void AppendFacts(const ConceptResult& quality, std::string& html) {
  html += "<dl class=\"facts\">";
  if (quality.mean_error) html += Fact("Mean error", Rounded(*quality.mean_error));
  html += Fact("Labels joined", Grouped(static_cast<double>(quality.labels_joined)));
  if (quality.join_rate) html += Fact("Join rate", Percent(*quality.join_rate));
  if (quality.label_lag_seconds) {
    html += Fact("Label lag, median", Duration(static_cast<std::int64_t>(*quality.label_lag_seconds * 1e9)));
  }
  html += "</dl>";
}

std::string OrDash(const std::optional<double>& value) { return value ? Rounded(*value) : "–"; }

void AppendDetectors(const ConceptResult& quality, std::int64_t now_ns, std::string& html) {
  html += OpenScroll("Detectors", "detectors");
  html += OpenTable({"Detector", "State", "Value", "Alarm above", "Alarms", "Last alarm"});
  for (const DetectorResult& detector : quality.detectors) {
    Append(html, "<tr><th scope=\"row\">", DetectorTitle(detector.detector), "</th><td>", StateBadge(detector.state),
           "</td><td>", OrDash(detector.value), "</td><td>", OrDash(detector.threshold), "</td><td>",
           std::to_string(detector.alarms), "</td><td>",
           detector.last_alarm_ns ? Moment(*detector.last_alarm_ns, now_ns) : "–", "</td></tr>");
  }
  html += "</tbody></table></div>";
}

void AppendSpans(const ConceptResult& quality, std::string& html) {
  if (quality.timeline.empty()) return;
  html += "<details data-key=\"spans\"><summary>Error of every span</summary>";
  html += OpenScroll("Error of every span", "spans table") + OpenTable({"From", "Error", "Labels"});
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
  Append(
      html,
      "<section id=\"quality\" aria-labelledby=\"quality-title\"><h2 id=\"quality-title\">Quality: predictions against "
      "labels</h2><div class=\"card ",
      Name(quality.state), "\"><header><h3>", Html(quality.error, 60),
      "</h3><span class=\"kind\">error over time</span>", StateBadge(quality.state), "</header>");
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
