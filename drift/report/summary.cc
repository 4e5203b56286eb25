#include "drift/report/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace drift {
namespace {

int Severity(const FeatureResult& feature) {
  if (!feature.ready) return 0;
  if (feature.state == State::kDrifted) return 3;
  return feature.state == State::kWarning ? 2 : 1;
}

}  // namespace

const MeasureResult* Find(const FeatureResult& feature, Measure measure) {
  for (const MeasureResult& result : feature.measures) {
    if (result.measure == measure) return &result;
  }
  return nullptr;
}

const MeasureResult* Leading(const FeatureResult& feature) {
  const bool moved = feature.state == State::kDrifted || feature.state == State::kWarning;
  const auto fits = [&](const MeasureResult& result) {  // to the state that it is to speak for
    return !moved || (result.warn_threshold && result.state == feature.state);
  };
  const auto rank = [&](const MeasureResult& result) {
    return std::tuple(fits(result), result.measure == Measure::kPsi);
  };
  const MeasureResult* leading = nullptr;
  for (const MeasureResult& result : feature.measures) {
    if (!std::isfinite(result.value)) continue;
    if (leading == nullptr || rank(result) > rank(*leading)) leading = &result;
  }
  return leading;
}

const FeatureResult* FindFeature(const ViewResult& view, const FeatureResult& like) {
  for (const FeatureResult& feature : view.features) {
    if (feature.name == like.name && feature.role == like.role) return &feature;
  }
  return nullptr;
}

const FeatureReference* ReferenceOf(const ReportInput& input, const FeatureResult& feature) {
  if (input.reference == nullptr) return nullptr;
  for (const FeatureReference& reference : input.reference->features) {
    if (reference.name == feature.name && reference.role == feature.role) return &reference;
  }
  return nullptr;
}

std::string MeasureTitle(Measure measure) {
  constexpr std::array<const char*, 7> kTitles = {"PSI",
                                                  "KS distance",
                                                  "Wasserstein distance",
                                                  "Jensen–Shannon distance",
                                                  "Hellinger distance",
                                                  "Largest change of a share",
                                                  "χ²"};
  return kTitles[static_cast<std::size_t>(measure)];
}

double AlertRatio(const FeatureResult& feature) {
  double ratio = 0;
  for (const MeasureResult& measure : feature.measures) {
    if (measure.alert_threshold && *measure.alert_threshold > 0) {
      ratio = std::max(ratio, measure.value / *measure.alert_threshold);
    }
  }
  return ratio;
}

std::vector<const FeatureResult*> WorstFirst(const ViewResult& view, Role role) {
  std::vector<const FeatureResult*> features;
  for (const FeatureResult& feature : view.features) {
    if (feature.role == role) features.push_back(&feature);
  }
  std::stable_sort(features.begin(), features.end(), [](const FeatureResult* a, const FeatureResult* b) {
    return std::tuple(Severity(*a), AlertRatio(*a)) > std::tuple(Severity(*b), AlertRatio(*b));
  });
  return features;
}

Counts Count(const ViewResult& view, Role role) {
  Counts counts;
  for (const FeatureResult& feature : view.features) {
    if (feature.role != role) continue;
    ++counts.all;
    counts.ready += feature.ready;
    counts.drifted += feature.ready && feature.state == State::kDrifted;
    counts.warning += feature.ready && feature.state == State::kWarning;
  }
  return counts;
}

std::vector<HiddenDrift> HiddenInStrata(const Evaluation& evaluation) {
  std::vector<HiddenDrift> hidden;
  for (const ViewResult& view : evaluation.strata) {
    for (const FeatureResult& feature : view.features) {
      if (!feature.ready || feature.state != State::kDrifted) continue;
      const FeatureResult* whole = FindFeature(evaluation.population, feature);
      if (whole != nullptr && whole->state != State::kDrifted) hidden.push_back({&view, &feature});
    }
  }
  std::stable_sort(hidden.begin(), hidden.end(), [](const HiddenDrift& a, const HiddenDrift& b) {
    return AlertRatio(*a.feature) > AlertRatio(*b.feature);
  });
  return hidden;
}

}  // namespace drift
