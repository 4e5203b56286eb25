#include "server/batch/instance_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_inference.h"

namespace driftserve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Counts replies and lets the test wait for them.
class Replies {
 public:
  void Add(FakeReply reply) {
    std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
    changed_.notify_all();
  }
  std::vector<FakeReply> WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return replies_.size() >= count; });
    return replies_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<FakeReply> replies_;
};

/// Holds a graph's run until it is opened.
class Gate {
 public:
  void Pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void WaitForArrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

class InstancePoolTest : public testing::Test {
 protected:
  InstancePoolTest() : tap_({16, 1 << 20}), pool_(model_.get(), &clock_, [this](size_t) { return Thread(); }) {
    model_->settings.name = "m";
    model_->settings.max_batch_size = 8;
    auto graph = std::make_unique<DoublingGraph>();
    graph_ = graph.get();
    model_->instance_graphs.push_back(std::move(graph));
  }

  ServingThread Thread() {
    ServingThread thread;
    thread.clock = &clock_;
    thread.admission = &admission_;
    thread.tap = tap_.AddProducer();
    thread.reclaim = [](std::unique_ptr<SampleOwner>) {};
    return thread;
  }

  bool Enqueue(float value) {
    std::unique_ptr<Inference> inference = std::make_unique<FakeInference>(
        model_, std::vector<float>{value}, [this](FakeReply reply) { replies_.Add(std::move(reply)); });
    inference->accepted_ns = clock_.MonotonicNanos();
    return !pool_.Enqueue(inference);
  }

  FakeClock clock_;
  Admission admission_{100, 1 << 20};
  Tap tap_;
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
  DoublingGraph* graph_;
  Replies replies_;
  InstancePool pool_;
};

TEST_F(InstancePoolTest, WhatArrivesWhileABatchRunsIsTheNextBatch) {
  Gate gate;
  graph_->before_run = [&] { gate.Pass(); };
  ASSERT_TRUE(pool_.Start().ok());
  ASSERT_TRUE(Enqueue(1));
  gate.WaitForArrivals(1);
  for (const float value : {2.0f, 3.0f, 4.0f}) ASSERT_TRUE(Enqueue(value));
  EXPECT_EQ(pool_.waiting(), 3u);
  gate.Open();
  EXPECT_EQ(replies_.WaitFor(4)[3].outputs[0], 8.0f);
  pool_.Stop();
  EXPECT_THAT(graph_->batches, ElementsAre(1, 3));
}

TEST_F(InstancePoolTest, InstancesRunSideBySide) {
  model_->settings.max_batch_size = 0;
  auto second = std::make_unique<DoublingGraph>();
  Gate gate;
  graph_->before_run = second->before_run = [&] { gate.Pass(); };
  model_->instance_graphs.push_back(std::move(second));
  ASSERT_TRUE(pool_.Start().ok());
  ASSERT_TRUE(Enqueue(1));
  ASSERT_TRUE(Enqueue(2));
  gate.WaitForArrivals(2);
  gate.Open();
  EXPECT_EQ(replies_.WaitFor(2).size(), 2u);
}

TEST_F(InstancePoolTest, AFullQueueRefusesAndLeavesTheRequestWithTheCaller) {
  model_->settings.levels[0].max_queue_size = 1;
  ASSERT_TRUE(Enqueue(1)) << "no thread runs yet";
  std::unique_ptr<Inference> second = std::make_unique<FakeInference>(model_, std::vector<float>{2}, [](FakeReply) {});
  EXPECT_EQ(pool_.Enqueue(second), Refusal::kQueueFull);
  EXPECT_NE(second, nullptr);
}

TEST_F(InstancePoolTest, StopRunsWhatStillWaits) {
  for (const float value : {1.0f, 2.0f}) ASSERT_TRUE(Enqueue(value));
  ASSERT_TRUE(pool_.Start().ok());
  pool_.Stop();
  EXPECT_EQ(replies_.WaitFor(2).size(), 2u);
}

TEST_F(InstancePoolTest, AGraphThatCannotWarmIsReported) {
  model_->settings.inputs = {{"x", DataType::kFp32, {1}}};
  model_->settings.outputs = {{"y", DataType::kFp32, {1}}};
  model_->settings.buckets = {1};
  model_->settings.warm_dims = {{1}};
  graph_->failure = absl::InternalError("will not run");
  EXPECT_THAT(std::string(pool_.Start().message()), HasSubstr("will not run"));
}

}  // namespace
}  // namespace driftserve
