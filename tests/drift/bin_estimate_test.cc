#include "drift/bin_estimate.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/drift/simulation.h"
#include "tests/drift/watched_model.h"

namespace drift {
namespace {

using testing::kMinute;
using testing::Random;

ReferenceSums SumsOf(const Layout& layout, std::size_t feature) {
  const Reference& reference = layout.reference();
  const auto rows = static_cast<double>(reference.rows);
  return ReferenceSums(layout.feature(feature), {reference.features[feature].cell_counts, rows, rows});
}

// P/(2(P−1)) Σ (u_p − u_{p−1})(u_p − u_{p−1})ᵀ of two bins, one after another.
double Covariance(const View& view, std::size_t a, std::size_t b) {
  double sum = 0;
  for (std::size_t p = 1; p < view.slots; ++p) {
    const BinMoments& of = view.moments;
    sum += (*of.pull(p, a) - *of.pull(p - 1, a)) * (*of.pull(p, b) - *of.pull(p - 1, b));
  }
  const auto panes = static_cast<double>(view.slots);
  return sum * panes / (2 * (panes - 1));
}

void ExpectMeasured(const View& view, std::size_t feature) {
  const BinEstimate estimate = EstimateBins(view, feature, SumsOf(*view.layout, feature));
  ASSERT_TRUE(estimate.measured);
  const std::size_t offset = view.layout->bin_offset(feature);
  for (std::size_t i = 0; i < estimate.size(); ++i) {
    for (std::size_t j = 0; j < estimate.size(); ++j) {
      const double expected = Covariance(view, offset + estimate.bins[i], offset + estimate.bins[j]);
      EXPECT_NEAR(estimate.covariance[i * estimate.size() + j], expected, 1e-15) << feature << " " << i << " " << j;
    }
  }
}

// The bins "other" and "unseen" lie between the categories and "missing", and hold nothing on either side.
TEST(BinEstimateTest, BinsWithoutRowsAreLeftOutOfTheMeasuredCovariance) {
  const auto text = [](int i) { return i % 5 == 0 ? Value::Missing() : Value::Text(i % 3 == 0 ? "a" : "b"); };
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < 900; ++i) rows.push_back({text(i)});
  Window window(testing::MakeReference({{"x", Role::kFeature, Dtype::kText, Kind::kCategorical}}, rows), {"all"}, {});
  Random random(5);
  for (int i = 0; i < 1500; ++i) {
    const Value row[] = {text(static_cast<int>(random.Below(15)))};
    ASSERT_TRUE(window.Add(i * kMinute / 25, 0, 1, 1, row));
  }
  const View view = PopulationView(window);
  EXPECT_EQ(EstimateBins(view, 0, SumsOf(*view.layout, 0)).bins, (std::vector<std::uint32_t>{0, 1, 4}));
  ExpectMeasured(view, 0);
}

class PanesTest : public ::testing::TestWithParam<int> {};

TEST_P(PanesTest, TheCovarianceIsThatOfTheDifferencesHoweverManyPanesThereAre) {
  constexpr int kFeatures = 3;
  const auto rows = testing::Traffic(kFeatures, 4000);
  Window window(testing::WatchedModel(kFeatures), {"a", "b"}, {});
  for (int i = 0; i < 4000; ++i) {
    const std::int64_t time = i * (GetParam() * kMinute / 4000);
    ASSERT_TRUE(window.Add(time, i % 2, 1, 1, rows[static_cast<std::size_t>(i)]));
  }
  const View view = PopulationView(window);
  ASSERT_EQ(view.slots, static_cast<std::size_t>(GetParam()));
  for (std::size_t feature = 0; feature < kFeatures; ++feature) ExpectMeasured(view, feature);
}

INSTANTIATE_TEST_SUITE_P(AroundFours, PanesTest, ::testing::Values(20, 21, 22, 23, 60));

}  // namespace
}  // namespace drift
