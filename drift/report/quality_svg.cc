#include <algorithm>
#include <cmath>
#include <vector>

#include "drift/report/format.h"
#include "drift/report/quality_section.h"
#include "drift/report/text.h"

namespace drift {
namespace {

// The drawing: errors above, the labels that they rest on as bars below, times under both.
constexpr double kWidth = 420, kLeft = 38, kErrorTop = 26, kErrorBottom = 136, kLabelsTop = 146, kLabelsBottom = 172;

struct Scale {
  std::int64_t first_ns, last_ns;
  double lowest, highest, most_labels;

  double X(std::int64_t time_ns) const {
    const double share = static_cast<double>(time_ns - first_ns) / static_cast<double>(last_ns - first_ns);
    return kLeft + 6 + (kWidth - kLeft - 12) * std::clamp(share, 0.0, 1.0);
  }
  double Y(double error) const {
    return kErrorBottom - (kErrorBottom - kErrorTop) * (error - lowest) / (highest - lowest);
  }
};

Scale ScaleOf(const std::vector<QualityPoint>& points) {
  Scale scale{points.front().time_ns, points.back().time_ns, points.front().error, points.front().error, 0};
  for (const QualityPoint& point : points) {
    scale.lowest = std::min(scale.lowest, point.error);
    scale.highest = std::max(scale.highest, point.error);
    scale.most_labels = std::max(scale.most_labels, point.labels);
  }
  const double margin = std::max((scale.highest - scale.lowest) * 0.1, 1e-9 + std::fabs(scale.highest) * 0.01);
  scale.lowest = scale.lowest >= 0 ? std::max(0.0, scale.lowest - margin) : scale.lowest - margin;
  scale.highest += margin;
  return scale;
}

std::string At(double value) { return Rounded(value, 5); }

void AppendText(double x, double y, const char* anchor, const std::string& text, std::string& svg) {
  Append(svg, "<text x=\"", At(x), "\" y=\"", At(y), "\" text-anchor=\"", anchor, "\">", text, "</text>");
}

void AppendAlarms(const ConceptResult& quality, const Scale& scale, std::string& svg) {
  std::vector<std::pair<std::int64_t, std::string>> alarms;
  for (const DetectorResult& detector : quality.detectors) {
    if (detector.last_alarm_ns) alarms.emplace_back(*detector.last_alarm_ns, DetectorTitle(detector.detector));
  }
  std::sort(alarms.begin(), alarms.end());
  std::string names;  // above all lines; those of near alarms stand below each other
  double line = 9;
  for (const auto& [time_ns, detector] : alarms) {
    const double x = scale.X(time_ns);
    Append(svg, "<g class=\"alarm\"><title>", detector, " alarm, ", UtcTime(time_ns), "</title><line x1=\"", At(x),
           "\" x2=\"", At(x), "\" y1=\"", At(line - 6), "\" y2=\"", At(kLabelsBottom), "\"/></g>");
    const bool left = x > kWidth / 2;
    AppendText(left ? x - 4 : x + 4, line, left ? "end" : "start", "▲ " + detector, names);
    line = line > 9 ? 9 : 20;
  }
  Append(svg, "<g class=\"alarm\">", names, "</g>");
}

void AppendSpans(const ConceptResult& quality, const Scale& scale, std::string& svg) {
  const std::size_t count = quality.timeline.size();
  const double width = std::clamp((kWidth - kLeft - 12) / static_cast<double>(count) * 0.6, 1.0, 16.0);
  std::string line, marks;
  for (const QualityPoint& point : quality.timeline) {
    const std::string x = At(scale.X(point.time_ns)), y = At(scale.Y(point.error));
    Append(line, line.empty() ? "" : " ", x, ",", y);
    const double height = scale.most_labels > 0 ? (kLabelsBottom - kLabelsTop) * point.labels / scale.most_labels : 0;
    Append(marks, "<g><title>", UtcTime(point.time_ns), ": error ", Rounded(point.error), ", ", Grouped(point.labels),
           " labels</title><rect class=\"labels\" x=\"", At(scale.X(point.time_ns) - width / 2), "\" y=\"",
           At(kLabelsBottom - height), "\" width=\"", At(width), "\" height=\"", At(height), "\"/>");
    if (count <= 64) Append(marks, "<circle cx=\"", x, "\" cy=\"", y, "\" r=\"2.6\"/>");
    marks += "</g>";
  }
  Append(svg, "<polyline points=\"", line, "\"/>", marks);
}

}  // namespace

std::string QualitySvg(const ConceptResult& quality, std::int64_t now_ns) {
  const std::vector<QualityPoint>& points = quality.timeline;
  if (points.size() < 2 || points.back().time_ns <= points.front().time_ns) return "";
  const Scale scale = ScaleOf(points);
  const std::string first = Moment(points.front().time_ns, now_ns), last = Moment(points.back().time_ns, now_ns);
  std::string svg;
  Append(svg, "<svg class=\"quality\" viewBox=\"0 0 420 192\" role=\"img\" aria-label=\"", Html(quality.error, 40),
         " from ", first, " to ", last, ": from ", Rounded(points.front().error), " to ", Rounded(points.back().error),
         "\">");
  for (const double error : {scale.lowest, scale.highest}) {
    const std::string y = At(scale.Y(error));
    Append(svg, "<line class=\"base\" x1=\"", At(kLeft), "\" x2=\"420\" y1=\"", y, "\" y2=\"", y, "\"/>");
    AppendText(kLeft - 5, scale.Y(error) + 4, "end", Rounded(error), svg);
  }
  AppendText(kLeft - 5, kLabelsBottom - 2, "end", "labels", svg);
  AppendSpans(quality, scale, svg);
  AppendAlarms(quality, scale, svg);
  AppendText(kLeft, 188, "start", first, svg);
  AppendText(kWidth, 188, "end", last, svg);
  return svg + "</svg>";
}

}  // namespace drift
