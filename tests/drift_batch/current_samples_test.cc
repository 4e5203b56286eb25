#include "drift/batch/current_samples.h"

#include <gtest/gtest.h>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::NumericReference;

std::shared_ptr<const SortedSamples> SampleOf(std::vector<uint64_t> keys) {
  return std::make_shared<const SortedSamples>(SortedSamples{std::move(keys)});
}

TEST(CurrentSamplesTest, LeavesMissingRowsOut) {
  CurrentSamples samples(NumericReference({1, 2}), SampleOf({1, 2}));
  const std::vector<uint64_t> keys = {9, 1, 9, 2, 9};
  const std::vector<size_t> missing = {0, 2, 4};
  samples.Add(0, keys, missing);
  const auto distances = samples.Distances({});
  ASSERT_EQ(distances.size(), 1u);
  ASSERT_TRUE(distances[0]);
  EXPECT_EQ(distances[0]->ks.value, 0);
  EXPECT_EQ(distances[0]->ks.n, 2u);
  EXPECT_FALSE(distances[0]->wasserstein);
}

TEST(CurrentSamplesTest, WassersteinComesWhereItIsAsked) {
  CurrentSamples samples(NumericReference({1, 2}), SampleOf({FloatingKey(1), FloatingKey(2)}));
  samples.Add(0, std::vector<uint64_t>{FloatingKey(2), FloatingKey(3)}, {});
  EvaluatorSettings settings;
  settings.feature_measures["x"] = {Measure::kWasserstein};
  EXPECT_DOUBLE_EQ(samples.Distances(settings)[0]->wasserstein.value(), 1 / 0.5);
}

TEST(CurrentSamplesTest, TooManyRowsAreGivenUp) {
  CurrentSamples samples(NumericReference({1, 2}), SampleOf({1, 2}));
  const std::vector<uint64_t> keys(CurrentSamples::kMostValues, 1);
  samples.Add(0, keys, {});
  EXPECT_TRUE(samples.wants(0));
  samples.Add(0, std::vector<uint64_t>{2}, {});
  EXPECT_FALSE(samples.wants(0));
  EXPECT_TRUE(samples.Distances({}).empty());
}

TEST(CurrentSamplesTest, WithoutTheReferencesRowsNothingIsKept) {
  CurrentSamples none(NumericReference({1, 2}), nullptr);
  none.Add(0, std::vector<uint64_t>{1}, {});
  EXPECT_TRUE(none.Distances({}).empty());
  CurrentSamples rank_cells(NumericReference({1, 2}), SampleOf({}));
  rank_cells.Add(0, std::vector<uint64_t>{1}, {});
  EXPECT_FALSE(rank_cells.Distances({})[0]);
}

}  // namespace
}  // namespace drift
