#include "drift/report/course_svg.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "drift/report/format.h"
#include "drift/report/summary.h"
#include "drift/report/text.h"

namespace drift {
namespace {

constexpr double kWidth = 160, kHeight = 40;

struct Point {
  std::int64_t time_ns;
  double psi;
};

std::vector<Point> PointsOf(const std::vector<HistoryPoint>& history, std::size_t feature) {
  std::vector<Point> points;
  for (const HistoryPoint& point : history) {
    if (feature < point.psi.size() && std::isfinite(point.psi[feature])) {
      points.push_back({point.time_ns, point.psi[feature]});
    }
  }
  return points;
}

std::string Height(double psi, double highest) {
  return Rounded(kHeight - 2 - (kHeight - 4) * std::max(psi, 0.0) / highest, 4);
}

void AppendLevel(const char* style, double psi, double highest, std::string& svg) {
  const std::string y = Height(psi, highest);
  Append(svg, "<line class=\"", style, "\" x1=\"0\" x2=\"160\" y1=\"", y, "\" y2=\"", y, "\"/>");
}

std::string Line(const std::vector<Point>& points, double highest) {
  std::string line;
  const double span = static_cast<double>(points.back().time_ns - points.front().time_ns);
  for (const Point& point : points) {
    const double x = kWidth * static_cast<double>(point.time_ns - points.front().time_ns) / span;
    Append(line, line.empty() ? "" : " ", Rounded(x, 5), ",", Height(point.psi, highest));
  }
  return line;
}

}  // namespace

std::string PsiCourse(const ReportInput& input, const FeatureResult& feature) {
  const auto index = static_cast<std::size_t>(&feature - input.evaluation->population.features.data());
  const std::vector<Point> points = PointsOf(input.history, index);
  if (points.size() < 2 || points.back().time_ns <= points.front().time_ns) return "";
  const MeasureResult* now = Find(feature, Measure::kPsi);
  double top = 0;
  for (const Point& point : points) top = std::max(top, point.psi);
  const double alert = now != nullptr ? now->alert_threshold.value_or(0) : 0;
  const double warn = now != nullptr ? now->warn_threshold.value_or(0) : 0;
  const double highest = std::max(top, 1.15 * alert);
  if (!(highest > 0)) return "";

  const std::string span = Duration(points.back().time_ns - points.front().time_ns);
  std::string svg =
      "<svg class=\"course\" viewBox=\"0 0 160 40\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"";
  Append(svg, "PSI of ", Html(feature.name, 60), " over ", span, ": from ", Rounded(points.front().psi), " to ",
         Rounded(points.back().psi), ", highest ", Rounded(top));
  if (alert > 0) Append(svg, ", alert above ", Rounded(alert));
  svg += "\">";
  if (alert > 0) AppendLevel("alert", alert, highest, svg);
  if (warn > 0) AppendLevel("warn", warn, highest, svg);
  Append(svg, "<polyline points=\"", Line(points, highest), "\"/></svg>");
  Append(svg, "<div class=\"scale\"><span>PSI over ", span, ", ", std::to_string(points.size()),
         input.comparison ? " parts" : " evaluations", "</span><span class=\"limits\">highest ", Rounded(top),
         "</span></div>");
  return svg;
}

}  // namespace drift
