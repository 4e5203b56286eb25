#include "server/batch/waiting_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_inference.h"

namespace driftserve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Requests are told apart by the time of their acceptance.
class WaitingListTest : public testing::Test {
 protected:
  WaitingListTest() {
    model_->settings.name = "m";
    model_->settings.max_batch_size = 4;
    model_->settings.buckets = {1, 4};
    model_->bucket_ns = {10, 20};
  }

  std::unique_ptr<FakeInference> Request(int64_t accepted_ns, size_t level = 0, size_t rows = 1) {
    auto made = std::make_unique<FakeInference>(model_, std::vector<float>(rows, 1.0f), [](FakeReply) {});
    made->accepted_ns = accepted_ns;
    made->level = level;
    return made;
  }
  std::optional<Refusal> Add(std::unique_ptr<Inference> inference, int64_t now_ns = 0) {
    return list_.Add(inference, now_ns, free_ns_);
  }
  FakeInference* AddAt(int64_t accepted_ns, size_t level = 0) {
    std::unique_ptr<FakeInference> made = Request(accepted_ns, level);
    FakeInference* const raw = made.get();
    EXPECT_FALSE(Add(std::move(made), accepted_ns));
    return raw;
  }
  std::vector<int64_t> Next(int64_t now_ns, bool flush = false) {
    std::vector<std::unique_ptr<Inference>> batch;
    until_ = list_.Next(now_ns, flush, batch);
    std::vector<int64_t> accepted;
    for (const auto& inference : batch) accepted.push_back(inference->accepted_ns);
    return accepted;
  }
  void UseLevels(size_t count) { model_->settings.levels = std::vector<QueuePolicy>(count); }

  std::shared_ptr<Model> model_ = std::make_shared<Model>();
  WaitingList list_{model_.get()};
  std::vector<int64_t> free_ns_ = {0};
  int64_t until_ = 0;
};

TEST_F(WaitingListTest, TheUrgentRunFirstAndFillTheirBatchWithOthers) {
  UseLevels(3);
  AddAt(1, 2);
  AddAt(2, 1);
  AddAt(3, 0);
  AddAt(4, 2);
  AddAt(5, 0);
  EXPECT_THAT(Next(10), ElementsAre(3, 5, 2, 1));
  EXPECT_THAT(Next(10), ElementsAre(4));
  EXPECT_TRUE(list_.empty());
}

TEST_F(WaitingListTest, ALevelBoundsItsOwnQueue) {
  UseLevels(2);
  model_->settings.levels[1].max_queue_size = 1;
  AddAt(1, 1);
  EXPECT_EQ(Add(Request(2, 1)), Refusal::kQueueFull);
  EXPECT_FALSE(Add(Request(3, 0))) << "the other level has no bound";
}

TEST_F(WaitingListTest, WhoIsNotToRunHoldsNoPlaceInAFullQueue) {
  model_->settings.levels[0].max_queue_size = 2;
  AddAt(1)->cancelled = true;
  AddAt(2);
  EXPECT_FALSE(Add(Request(3))) << "the cancelled one makes room";
  EXPECT_EQ(Add(Request(4)), Refusal::kQueueFull);
  EXPECT_EQ(list_.size(), 3u) << "it still has to be answered";
  EXPECT_THAT(Next(10), ElementsAre(2, 3, 1)) << "behind those that run";
  EXPECT_TRUE(list_.empty());
}

TEST_F(WaitingListTest, WhoIsNotToRunHoldsNoPlaceInABatch) {
  for (int64_t i = 1; i <= 3; ++i) AddAt(i)->deadline_ns = 100;
  for (int64_t i = 4; i <= 8; ++i) AddAt(i);
  EXPECT_THAT(Next(101), ElementsAre(4, 5, 6, 7, 1, 2, 3));
  EXPECT_THAT(Next(101), ElementsAre(8));
}

TEST_F(WaitingListTest, WhatIsGoneIsHandedOutWithoutABatchToo) {
  AddAt(1);
  Next(1);
  EXPECT_EQ(list_.rows_taken(), 1);
  model_->settings.max_queue_delay_us = 1;
  AddAt(2)->cancelled = true;
  AddAt(3);
  EXPECT_THAT(Next(4), ElementsAre(2)) << "while the other waits for more";
  EXPECT_EQ(list_.rows_taken(), 0);
}

TEST_F(WaitingListTest, PastItsTimeoutADelayedRequestRunsAfterTheOthersOfItsLevel) {
  UseLevels(2);
  model_->settings.levels[0].delays = true;
  AddAt(1, 0)->late_ns = 50;
  AddAt(2, 0)->late_ns = 200;
  AddAt(3, 1);
  EXPECT_THAT(Next(100), ElementsAre(2, 1, 3)) << "but before the next level";
  EXPECT_EQ(list_.delayed(), 1u);
}

TEST_F(WaitingListTest, WithoutADelayNothingWaitsForMore) {
  AddAt(1);
  EXPECT_THAT(Next(1), ElementsAre(1));
}

TEST_F(WaitingListTest, AnIncompleteBatchWaitsForTheDelayOfItsOldest) {
  model_->settings.max_queue_delay_us = 1;
  AddAt(100);
  AddAt(200);
  EXPECT_THAT(Next(1'099), IsEmpty());
  EXPECT_EQ(until_, 1'100);
  EXPECT_THAT(Next(1'100), ElementsAre(100, 200));
}

TEST_F(WaitingListTest, AFullOrPreferredBatchDoesNotWait) {
  model_->settings.max_queue_delay_us = 1;
  model_->settings.preferred_sizes = {2};
  AddAt(1);
  EXPECT_THAT(Next(3), IsEmpty());
  AddAt(2);
  AddAt(3);
  EXPECT_THAT(Next(3), ElementsAre(1, 2));
  EXPECT_THAT(Next(3), IsEmpty()) << "the third waits for a fourth";
  EXPECT_THAT(Next(3, true), ElementsAre(3)) << "unless the server stops";
}

TEST_F(WaitingListTest, NoDeadlineIsLostToWaitingForMore) {
  model_->settings.max_queue_delay_us = 1;
  AddAt(0)->deadline_ns = 300;
  EXPECT_THAT(Next(279), IsEmpty());
  EXPECT_EQ(until_, 280) << "the largest batch takes 20";
  EXPECT_THAT(Next(280), ElementsAre(0));
}

TEST_F(WaitingListTest, ADeadlineThatTheQueueCannotMeetIsRefusedAtOnce) {
  free_ns_ = {15};  // a batch runs until then
  for (int64_t i = 1; i <= 8; ++i) AddAt(i);
  // Two full batches of 20 before it, then its own of 10.
  std::unique_ptr<FakeInference> late = Request(9), in_time = Request(10);
  late->deadline_ns = 64;
  in_time->deadline_ns = 65;
  EXPECT_EQ(Add(std::move(late), 10), Refusal::kHopeless);
  EXPECT_FALSE(Add(std::move(in_time), 10));
  free_ns_ = {15, 15};
  std::unique_ptr<FakeInference> faster = Request(11);
  faster->deadline_ns = 45;
  EXPECT_FALSE(Add(std::move(faster), 10)) << "two instances run them side by side";
}

TEST_F(WaitingListTest, TheUrgentAreNotRefusedForTheOthersQueue) {
  UseLevels(2);
  for (int64_t i = 1; i <= 100; ++i) AddAt(i, 1);
  std::unique_ptr<FakeInference> urgent = Request(101, 0);
  urgent->deadline_ns = 130;
  EXPECT_FALSE(Add(std::move(urgent), 110));
  EXPECT_EQ(list_.RowsAhead(0), 1);
  EXPECT_EQ(list_.RowsAhead(1), 101);
}

TEST_F(WaitingListTest, NobodyIsRefusedForThoseWhoWillNotRun) {
  for (int64_t i = 1; i <= 8; ++i) AddAt(i)->cancelled = true;
  std::unique_ptr<FakeInference> request = Request(9);
  request->deadline_ns = 20;
  EXPECT_FALSE(Add(std::move(request), 10));
  EXPECT_EQ(list_.RowsAhead(0), 1);
}

}  // namespace
}  // namespace driftserve
