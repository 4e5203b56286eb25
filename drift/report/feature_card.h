#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// The card of one feature of the population view: state, histograms, measures, course, and the figures behind them.
std::string FeatureCard(const ReportInput& input, const FeatureResult& feature);

/// A state as a coloured pill with its name in it.
std::string StateBadge(State state);

}  // namespace drift
