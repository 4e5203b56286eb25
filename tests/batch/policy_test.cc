#include "server/batch/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace driftserve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TensorList Inputs(std::initializer_list<Shape> shapes) {
  TensorList inputs;
  for (const Shape& shape : shapes) inputs.push_back({DataType::kFp32, shape, nullptr, 0});
  return inputs;
}

class NextBatchTest : public testing::Test {
 protected:
  void Wait(const void* model, const TensorList& inputs, int64_t rows) {
    waiting_.push_back({model, &inputs, rows, 0, 0});
  }
  std::vector<size_t> Next(int64_t max_rows) {
    std::vector<size_t> batch;
    NextBatch(waiting_, max_rows, batch);
    return batch;
  }

  const int model_a_ = 0;
  const int model_b_ = 0;
  const TensorList eight_ = Inputs({{1, 8}});
  const TensorList nine_ = Inputs({{1, 9}});
  std::vector<Waiting> waiting_;
};

TEST_F(NextBatchTest, NothingWaits) { EXPECT_THAT(Next(64), IsEmpty()); }

TEST_F(NextBatchTest, TakesEverythingOfTheOldestsModelAndShape) {
  Wait(&model_a_, eight_, 1);
  Wait(&model_b_, eight_, 1);
  Wait(&model_a_, nine_, 1);
  Wait(&model_a_, eight_, 1);
  EXPECT_THAT(Next(64), ElementsAre(0, 3));
}

TEST_F(NextBatchTest, StopsAtMaxRowsAndFillsUpWithSmallerOnes) {
  Wait(&model_a_, eight_, 3);
  Wait(&model_a_, eight_, 6);
  Wait(&model_a_, eight_, 4);
  Wait(&model_a_, eight_, 1);
  Wait(&model_a_, eight_, 1);
  EXPECT_THAT(Next(8), ElementsAre(0, 2, 3)) << "6 rows no longer fit, 4 and 1 do, and then it is full";
}

TEST_F(NextBatchTest, TheOldestRunsWhateverItsSize) {
  Wait(&model_a_, eight_, 100);
  Wait(&model_a_, eight_, 1);
  EXPECT_THAT(Next(8), ElementsAre(0));
}

TEST_F(NextBatchTest, AModelThatDoesNotBatchRunsAlone) {
  Wait(&model_a_, eight_, 1);
  Wait(&model_a_, eight_, 1);
  EXPECT_THAT(Next(0), ElementsAre(0));
}

TEST(Compatible, ComparesEveryInputButForTheRows) {
  const int model = 0;
  const TensorList two = Inputs({{1, 8}, {1, 2, 3}});
  const TensorList more_rows = Inputs({{5, 8}, {5, 2, 3}});
  const TensorList other_second = Inputs({{1, 8}, {1, 2, 4}});
  const TensorList other_rank = Inputs({{1, 8}, {1, 6}});
  const auto waiting = [&](const TensorList& inputs) { return Waiting{&model, &inputs, 1, 0, 0}; };
  EXPECT_TRUE(Compatible(waiting(two), waiting(more_rows)));
  EXPECT_FALSE(Compatible(waiting(two), waiting(other_second)));
  EXPECT_FALSE(Compatible(waiting(two), waiting(other_rank)));
}

TEST(Estimate, IsTheMeasuredTimeOfTheBucketThatHoldsTheRows) {
  const std::vector<int> buckets = {1, 2, 4, 8};
  const std::vector<int64_t> times = {10, 11, 13, 17};
  EXPECT_EQ(EstimateNanos(buckets, times, 1), 10);
  EXPECT_EQ(EstimateNanos(buckets, times, 3), 13);
  EXPECT_EQ(EstimateNanos(buckets, times, 8), 17);
  EXPECT_EQ(EstimateNanos(buckets, times, 9), 17) << "nothing larger was measured";
  EXPECT_EQ(EstimateNanos(buckets, {}, 1), 0) << "not measured";
}

TEST(Hopeless, ComparesTheEarliestEndWithTheDeadline) {
  EXPECT_FALSE(Hopeless(100, 150, 50));
  EXPECT_TRUE(Hopeless(100, 149, 50));
  EXPECT_TRUE(Hopeless(100, 99, 0)) << "passed already";
  EXPECT_FALSE(Hopeless(100, std::numeric_limits<int64_t>::max(), 50)) << "no deadline";
}

TEST(FitsTurn, TheFirstBatchAlwaysRuns) {
  EXPECT_TRUE(FitsTurn(0, 1'000, 100, true));
  EXPECT_FALSE(FitsTurn(0, 1'000, 100, false));
  EXPECT_TRUE(FitsTurn(60, 40, 100, false));
  EXPECT_FALSE(FitsTurn(61, 40, 100, false));
}

}  // namespace
}  // namespace driftserve
