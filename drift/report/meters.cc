#include "drift/report/meters.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "drift/report/format.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

constexpr double kAlertAt = 66;  // % of the bar's length at which the alert threshold stands

std::string ValueText(const MeasureResult& measure) {
  std::string text = Rounded(measure.value);
  if (measure.value_upper) {
    const std::string upper = Rounded(*measure.value_upper);
    if (upper != text) text += "–" + upper;
  }
  return text;
}

std::string Comparison(const MeasureResult& measure) {
  const double warn = *measure.warn_threshold;
  const double alert = measure.alert_threshold.value_or(warn);
  if (measure.value > alert) {
    const double times = alert > 0 ? measure.value / alert : 0;
    return times >= 1.05 ? Rounded(times, 2) + " × the alert threshold" : "above the alert threshold";
  }
  if (measure.value > warn) return "above the warning threshold";
  return "within tolerance";
}

const char* LevelClass(const MeasureResult& measure) {
  if (measure.value > measure.alert_threshold.value_or(*measure.warn_threshold)) return "drifted";
  return measure.value > *measure.warn_threshold ? "warning" : "stable";
}

std::string Tick(const char* style, double at, const std::string& title) {
  return std::string("<i class=\"tick ") + style + "\" style=\"left:" + Rounded(at, 4) + "%\" title=\"" + title +
         "\"></i>";
}

void AppendBar(const MeasureResult& measure, std::string& html) {
  const double alert = measure.alert_threshold.value_or(*measure.warn_threshold);
  const double full = alert > 0 ? alert / kAlertAt * 100 : 1;
  const double length = std::clamp(100 * measure.value / full, 0.0, 100.0);
  Append(html, "<div class=\"bar\"><b class=\"", LevelClass(measure), length >= 100 ? " beyond" : "",
         "\" style=\"width:", Rounded(length, 4), "%\"></b>",
         Tick("warn", 100 * *measure.warn_threshold / full, "warning threshold"),
         Tick("alert", 100 * alert / full, "alert threshold"), "</div>");
  Append(html, "<div class=\"scale\"><span>", Comparison(measure), "</span><span class=\"limits\">warn ",
         Rounded(*measure.warn_threshold), " · alert ", Rounded(alert), "</span></div>");
}

}  // namespace

std::string MeasureMeter(const MeasureResult& measure) {
  std::string html;
  Append(html, "<div class=\"meter\"><div class=\"reading\"><span class=\"what\">", MeasureTitle(measure.measure),
         "</span><span class=\"value\">", ValueText(measure), "</span></div>");
  if (measure.warn_threshold) AppendBar(measure, html);
  return html + "</div>";
}

std::string PsiCourse(const std::vector<HistoryPoint>& history, std::size_t feature, const MeasureResult* now) {
  constexpr double kWidth = 160, kHeight = 34;
  struct Point {
    std::int64_t time_ns;
    double psi;
  };
  std::vector<Point> points;
  for (const HistoryPoint& point : history) {
    if (feature < point.psi.size() && std::isfinite(point.psi[feature]))
      points.push_back({point.time_ns, point.psi[feature]});
  }
  if (points.size() < 2 || points.back().time_ns <= points.front().time_ns) return "";
  const std::optional<double> alert = now ? now->alert_threshold : std::nullopt;
  double highest = alert.value_or(0) * 1.15;
  for (const Point& point : points) highest = std::max(highest, point.psi);
  if (!(highest > 0)) return "";

  const auto y = [highest](double value) {
    return Rounded(kHeight - 2 - (kHeight - 4) * std::max(value, 0.0) / highest, 4);
  };
  std::string line;
  const double span = static_cast<double>(points.back().time_ns - points.front().time_ns);
  for (const Point& point : points) {
    const double x = kWidth * static_cast<double>(point.time_ns - points.front().time_ns) / span;
    Append(line, line.empty() ? "" : " ", Rounded(x, 5), ",", y(point.psi));
  }
  std::string svg =
      "<svg class=\"course\" viewBox=\"0 0 160 34\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"PSI over "
      "time\">";
  if (alert) Append(svg, "<line class=\"alert\" x1=\"0\" x2=\"160\" y1=\"", y(*alert), "\" y2=\"", y(*alert), "\"/>");
  Append(svg, "<polyline points=\"", line, "\"/></svg>");
  Append(svg, "<div class=\"scale\"><span>PSI over the last ", Duration(points.back().time_ns - points.front().time_ns),
         "</span><span class=\"limits\">highest ",
         Rounded(std::max_element(points.begin(), points.end(),
                                  [](const Point& a, const Point& b) { return a.psi < b.psi; })
                     ->psi),
         "</span></div>");
  return svg;
}

}  // namespace drift
