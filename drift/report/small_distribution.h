#pragma once

#include <string>
#include <vector>

#include "drift/evaluation.h"
#include "drift/reference.h"

namespace drift {

/// A distribution as Evidently's users read it. Numeric: eleven edges of ten equally wide bins, and their densities,
/// which sum to 1 ÷ width. Categories: `labels`, and in `y` the rows of each.
struct SmallDistribution {
  std::vector<double> edges;        // empty for a category
  std::vector<std::string> labels;  // raw bytes; empty for a numeric feature
  std::vector<double> y;
};

/// Of the reference (`current` false) or the window, without MISSING. Numeric bins are spread over the reference's
/// range, each evenly over its own length; a category's rows are its shares times `rows`. Empty where the range is not
/// known or a single value.
SmallDistribution SmallDistributionOf(const FeatureResult& feature, const FeatureReference* reference, bool current,
                                      double rows);

}  // namespace drift
