#pragma once

#include <string>

#include "drift/evaluation.h"

namespace drift {

/// Reference and window of one feature over each other, as inline SVG. `reference` may be null.
///
/// Numeric bins stand on the axis of values, their areas being shares, where no bin is too thin to be seen there;
/// otherwise, and for categories, bins stand side by side and heights are shares. Open-ended bins end at the
/// reference's extremes. MISSING stands apart on the right. Of many categories the most frequent and the most changed
/// are shown. Every bar has a title with both shares.
std::string HistogramSvg(const FeatureResult& feature, const FeatureReference* reference);

}  // namespace drift
