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
  std::vector<size_t> Next(int64_t max_rows, std::vector<int> preferred = {}) {
    std::vector<size_t> batch;
    complete_ = NextBatch(waiting_, {max_rows, preferred}, batch);
    return batch;
  }

  const int model_a_ = 0;
  const int model_b_ = 0;
  const TensorList eight_ = Inputs({{1, 8}});
  const TensorList nine_ = Inputs({{1, 9}});
  std::vector<Waiting> waiting_;
  bool complete_ = false;
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

TEST_F(NextBatchTest, ABatchThatReachesAPreferredSizeStopsThere) {
  for (int i = 0; i < 7; ++i) Wait(&model_a_, eight_, 1);
  EXPECT_THAT(Next(16, {2, 4}), ElementsAre(0, 1, 2, 3)) << "the largest";
  EXPECT_TRUE(complete_);
  EXPECT_THAT(Next(16, {8}), testing::SizeIs(7)) << "none is reached: all";
  EXPECT_FALSE(complete_);
}

TEST_F(NextBatchTest, OnlyAnIncompleteBatchHasSomethingToWaitFor) {
  Wait(&model_a_, eight_, 6);
  Next(8);
  EXPECT_FALSE(complete_);
  Wait(&model_a_, nine_, 3);
  Next(8);
  EXPECT_FALSE(complete_) << "another shape would not have joined it anyway";
  Wait(&model_a_, eight_, 3);
  Next(8);
  EXPECT_TRUE(complete_) << "more than fits waits already";
  waiting_.resize(1);
  Wait(&model_a_, eight_, 2);
  Next(8);
  EXPECT_TRUE(complete_) << "full";
  Next(0);
  EXPECT_TRUE(complete_) << "a model that does not batch waits for nobody";
}

TEST(CopyingCostsMore, OnlyWhereABatchSparesLessThanItsCopyTakes) {
  constexpr size_t kFourImages = 4 * 602'112;  // about 300 µs
  EXPECT_TRUE(CopyingCostsMore(kFourImages, 20'000, 60'000)) << "a model that does next to nothing";
  EXPECT_FALSE(CopyingCostsMore(kFourImages, 5'000'000, 12'000'000)) << "one that works";
  EXPECT_TRUE(CopyingCostsMore(kFourImages, 12'000'000, 12'000'000)) << "one for which batches are no faster";
  EXPECT_FALSE(CopyingCostsMore(4 * kLargeRequestBytes, 20'000, 60'000)) << "8 µs";
  EXPECT_FALSE(CopyingCostsMore(kFourImages, 0, 0)) << "nothing was measured";
}

TEST(NextModel, TheModelThatHasNotRunForLongestIsNext) {
  const int flooded = 0, other = 0, fresh = 0;
  std::vector<Waiting> waiting = {{&flooded, nullptr, 1, 1, 0, 900}, {&flooded, nullptr, 1, 2, 0, 900},
                                  {&other, nullptr, 1, 3, 0, 800},   {&other, nullptr, 1, 4, 0, 800}};
  EXPECT_EQ(NextModel(waiting), 2u);
  waiting.push_back({&fresh, nullptr, 1, 5, 0, 0});
  EXPECT_EQ(NextModel(waiting), 4u) << "it never ran";
  EXPECT_EQ(NextModel(std::span(waiting).first(2)), 0u) << "of one model the oldest";
}

TEST(LingerUntil, TheOldestsDelayOrADeadlineEndsIt) {
  const std::vector<Waiting> waiting = {{nullptr, nullptr, 1, 100, INT64_MAX},
                                        {nullptr, nullptr, 1, 90, INT64_MAX},
                                        {nullptr, nullptr, 1, 120, 170}};
  const std::vector<size_t> first_two = {0, 1}, all = {0, 1, 2};
  EXPECT_EQ(LingerUntil(waiting, first_two, 50, 40), 140) << "priorities may put the oldest second";
  EXPECT_EQ(LingerUntil(waiting, all, 50, 40), 130) << "later, a batch of 40 would end after 170";
}

TEST(EarliestStart, FullBatchesAheadAreSpreadOverTheInstances) {
  const auto start = [](int64_t rows, int64_t max_rows, std::vector<int64_t> free_ns) {
    return EarliestStart(rows, max_rows, 100, free_ns);
  };
  EXPECT_EQ(start(0, 8, {1'000}), 1'000);
  EXPECT_EQ(start(7, 8, {1'000}), 1'000) << "it joins them";
  EXPECT_EQ(start(8, 8, {1'000}), 1'100);
  EXPECT_EQ(start(24, 8, {1'000}), 1'300);
  EXPECT_EQ(start(8, 8, {1'050, 1'000}), 1'050);
  EXPECT_EQ(start(24, 8, {1'050, 1'000}), 1'150) << "1000, 1050 and 1100 are taken";
  EXPECT_EQ(start(3, 0, {1'000}), 1'300) << "without batches each runs alone";
}

TEST(Compatible, TheSameInputsAreAbsent) {
  const int model = 0;
  const TensorList all = Inputs({{1, 8}, {1, 8}}), first = Inputs({{1, 8}, {}}), second = Inputs({{}, {1, 8}});
  const auto waiting = [&](const TensorList& inputs) { return Waiting{&model, &inputs, 1, 0, 0}; };
  EXPECT_TRUE(Compatible(waiting(first), waiting(first)));
  EXPECT_FALSE(Compatible(waiting(first), waiting(all)));
  EXPECT_FALSE(Compatible(waiting(first), waiting(second)));
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
