#include "drift/report/meters.h"

#include <algorithm>

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
  Append(html, "<div class=\"bar\" aria-hidden=\"true\"><b class=\"", LevelClass(measure),
         length >= 100 ? " beyond" : "", "\" style=\"width:", Rounded(length, 4), "%\"></b>",
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

}  // namespace drift
