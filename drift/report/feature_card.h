#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift {

/// The card of one feature of the population view: state, histograms, measures, course, categories
/// that appeared, and the figures behind them. REQUIRES: `feature` is one of `input.evaluation`'s own.
std::string FeatureCard(const ReportInput& input, const FeatureResult& feature);

/// What the card's element is called within the page: the same as long as the model watches the same features.
std::string CardId(const ReportInput& input, const FeatureResult& feature);

}  // namespace drift
