#include "drift/report/histogram_svg.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <vector>

#include "drift/report/format.h"
#include "drift/report/text.h"

namespace drift {
namespace {

constexpr double kWidth = 420, kPlotHeight = 168, kTop = 6, kMissingWidth = 44, kMissingGap = 14;
constexpr double kLabelLine = kTop + kPlotHeight + 16;
constexpr std::size_t kShownCategories = 14;
constexpr double kThinnest = 0.012;  // of the axis: a thinner bin would be a line without an area

struct Bar {
  const Bin* bin;
  double left, width;         // on the drawing
  double reference, current;  // share, or share ÷ width where areas are shares
  std::string label;          // below the bar; may be empty
};

bool IsMissing(const FeatureResult& feature, const Bin& bin) { return &bin == &feature.bins.back(); }

double Current(const Bin& bin) { return bin.current_share.value_or(0); }

struct Axis {
  double lower, upper;
};

// The axis of values: from end to end of the bins, open ends closed by the reference's extremes. Nothing where a bin
// would be too thin on it.
std::optional<Axis> ValueAxis(const FeatureResult& feature, const FeatureReference* reference) {
  if (feature.kind != Kind::kNumeric || reference == nullptr || feature.bins.size() < 4) return std::nullopt;
  const Bin& first = feature.bins.front();
  const Bin& last = feature.bins[feature.bins.size() - 2];
  const Axis axis = {first.lower.value_or(reference->minimum), last.upper.value_or(reference->maximum)};
  const double span = axis.upper - axis.lower;
  if (!(span > 0) || !std::isfinite(span)) return std::nullopt;
  for (std::size_t i = 0; i + 1 < feature.bins.size(); ++i) {
    const double lower = feature.bins[i].lower.value_or(axis.lower);
    const double upper = feature.bins[i].upper.value_or(axis.upper);
    if (!((upper - lower) / span > kThinnest)) return std::nullopt;
  }
  return axis;
}

std::vector<Bar> BarsOnAxis(const FeatureResult& feature, const Axis& axis, double width) {
  std::vector<Bar> bars;
  const double scale = width / (axis.upper - axis.lower);
  for (std::size_t i = 0; i + 1 < feature.bins.size(); ++i) {
    const Bin& bin = feature.bins[i];
    const double left = (bin.lower.value_or(axis.lower) - axis.lower) * scale;
    const double right = (bin.upper.value_or(axis.upper) - axis.lower) * scale;
    const double density = width / (right - left);
    bars.push_back({&bin, left, right - left, bin.reference_share * density, Current(bin) * density, ""});
  }
  return bars;
}

// The categories that are drawn, in the reference's order.
std::vector<const Bin*> ShownBins(const FeatureResult& feature) {
  std::vector<const Bin*> shown;
  for (const Bin& bin : feature.bins) {
    if (IsMissing(feature, bin)) continue;
    if (feature.kind == Kind::kCategorical && bin.reference_share == 0 && Current(bin) == 0) continue;
    shown.push_back(&bin);
  }
  if (shown.size() <= kShownCategories) return shown;
  std::vector<const Bin*> ranked = shown;
  std::stable_sort(ranked.begin(), ranked.end(), [](const Bin* a, const Bin* b) {
    return std::max(a->reference_share, Current(*a)) > std::max(b->reference_share, Current(*b));
  });
  ranked.resize(kShownCategories);
  std::erase_if(shown,
                [&ranked](const Bin* bin) { return std::find(ranked.begin(), ranked.end(), bin) == ranked.end(); });
  return shown;
}

std::string ShortLabel(const FeatureResult& feature, const Bin& bin, double width) {
  const auto letters = static_cast<std::size_t>(std::max(1.0, width / 6.6));
  if (feature.kind == Kind::kCategorical) {
    const std::string label = Utf8(bin.label.str());
    return label.size() <= letters ? label : Utf8(bin.label.str(), std::max<std::size_t>(letters - 1, 1));
  }
  if (bin.upper && bin.lower && *bin.upper == *bin.lower) return Tidy(*bin.upper);
  const std::string text = bin.upper ? "≤" + Tidy(*bin.upper) : bin.lower ? ">" + Tidy(*bin.lower) : "all";
  return text.size() <= letters + 1 ? text : "";
}

std::vector<Bar> BarsSideBySide(const FeatureResult& feature, double width) {
  const std::vector<const Bin*> bins = ShownBins(feature);
  std::vector<Bar> bars;
  const double step = width / static_cast<double>(std::max<std::size_t>(bins.size(), 1));
  const double bar_width = std::min(step, 64.0);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    bars.push_back({bins[i], step * static_cast<double>(i) + (step - bar_width) / 2, bar_width,
                    bins[i]->reference_share, Current(*bins[i]), ShortLabel(feature, *bins[i], step)});
  }
  return bars;
}

std::string Coordinate(double value) { return Rounded(value, 5); }

void AppendRectangle(const char* style, double left, double width, double height, std::string& svg) {
  Append(svg, "<rect class=\"", style, "\" x=\"", Coordinate(left), "\" y=\"", Coordinate(kTop + kPlotHeight - height),
         "\" width=\"", Coordinate(std::max(width, 1.0)), "\" height=\"", Coordinate(height), "\"/>");
}

std::string TitleOf(const Bin& bin) {
  std::string title = Html(bin.label.str()) + ": reference " + Percent(bin.reference_share);
  if (bin.current_share) title += ", current " + Percent(*bin.current_share);
  return title;
}

// What those hear who do not see the picture.
std::string LargestChange(const FeatureResult& feature) {
  const Bin* most = nullptr;
  double change = -1;
  for (const Bin& bin : feature.bins) {
    if (!bin.current_share || std::fabs(*bin.current_share - bin.reference_share) <= change) continue;
    change = std::fabs(*bin.current_share - bin.reference_share);
    most = &bin;
  }
  return most == nullptr ? "the reference only" : "reference and current; the largest change is " + TitleOf(*most);
}

void AppendBar(const Bar& bar, double highest, std::string& svg) {
  const double scale = highest > 0 ? kPlotHeight / highest : 0;
  Append(svg, "<g><title>", TitleOf(*bar.bin), "</title>");
  AppendRectangle("hit", bar.left, bar.width, kPlotHeight, svg);
  AppendRectangle("ref", bar.left + 0.75, bar.width - 1.5, bar.reference * scale, svg);
  const double inset = std::min(bar.width * 0.16, 7.0);
  if (bar.bin->current_share) AppendRectangle("cur", bar.left + inset, bar.width - 2 * inset, bar.current * scale, svg);
  if (!bar.label.empty()) {
    Append(svg, "<text x=\"", Coordinate(bar.left + bar.width / 2), "\" y=\"", Coordinate(kLabelLine),
           "\" text-anchor=\"middle\">", Html(bar.label), "</text>");
  }
  svg += "</g>";
}

// A step of 1, 2 or 5 times a power of ten that divides the axis into four to nine parts.
double NiceStep(double span) {
  const double power = std::pow(10, std::floor(std::log10(span / 4)));
  const double most = span / 4 / power;
  return power * (most >= 5 ? 5 : most >= 2 ? 2 : 1);
}

void AppendAxis(const Axis& axis, double width, std::string& svg) {
  const double span = axis.upper - axis.lower;
  const double step = NiceStep(span);
  double free_from = 0;
  for (double value = std::ceil(axis.lower / step) * step; value <= axis.upper; value += step) {
    const std::string text = Tidy(std::fabs(value) < step / 2 ? 0 : value);
    const double half = 3.4 * static_cast<double>(text.size());
    const double x = std::clamp((value - axis.lower) / span * width, half, width - half);
    if (x - half < free_from) continue;  // long numbers need more room than the step gives
    free_from = x + half + 8;
    Append(svg, "<text x=\"", Coordinate(x), "\" y=\"", Coordinate(kLabelLine), "\" text-anchor=\"middle\">", text,
           "</text>");
  }
}

}  // namespace

std::string HistogramSvg(const FeatureResult& feature, const FeatureReference* reference) {
  if (feature.bins.empty()) return "";
  const Bin& missing = feature.bins.back();
  const bool with_missing = missing.reference_share > 0.0005 || Current(missing) > 0.0005;
  const double width = with_missing ? kWidth - kMissingWidth - kMissingGap : kWidth;
  const std::optional<Axis> axis = ValueAxis(feature, reference);
  std::vector<Bar> bars = axis ? BarsOnAxis(feature, *axis, width) : BarsSideBySide(feature, width);
  if (with_missing) {
    const double density = axis ? width / kMissingWidth : 1;
    bars.push_back({&missing, kWidth - kMissingWidth, kMissingWidth, missing.reference_share * density,
                    Current(missing) * density, "missing"});
  }
  double highest = 0;
  for (const Bar& bar : bars) highest = std::max({highest, bar.reference, bar.current});

  std::string svg;
  Append(svg, "<svg class=\"histogram\" viewBox=\"0 0 420 196\" role=\"img\" aria-label=\"Histogram of ",
         Html(feature.name, 60), ": ", LargestChange(feature), "\">");
  const std::string base = Coordinate(kTop + kPlotHeight + 0.5);
  Append(svg, "<line class=\"base\" x1=\"0\" x2=\"", Coordinate(width), "\" y1=\"", base, "\" y2=\"", base, "\"/>");
  for (const Bar& bar : bars) AppendBar(bar, highest, svg);
  if (axis) AppendAxis(*axis, width, svg);
  return svg + "</svg>";
}

}  // namespace drift
