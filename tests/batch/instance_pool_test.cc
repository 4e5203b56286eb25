#include "server/batch/instance_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/execute/device_pipeline.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_device.h"
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

/// Instances on fake devices, whose batches are done when the test says so.
class DevicePoolTest : public InstancePoolTest {
 protected:
  FakeDevice* AddDevice() {
    const LoadRequest request = OneNumberRequest();
    auto device = std::make_unique<FakeDevice>();
    FakeDevice* const raw = device.get();
    devices_.push_back(raw);
    raw->done = [this](size_t) { return open_.load(); };
    raw->on_wait = [this](size_t) { gate_.Pass(); };
    model_->instance_graphs.push_back(std::make_unique<DevicePipeline>(request, std::move(device)));
    return raw;
  }
  void SetUp() override {
    model_->instance_graphs.clear();
    AddDevice();
  }
  void TearDown() override { Open(); }
  void Open() {
    open_ = true;
    gate_.Open();
  }
  // How many requests have left the queue.
  void WaitUntilTaken(size_t waiting) {
    while (pool_.waiting() != waiting) std::this_thread::yield();
  }

  std::atomic<bool> open_ = false;
  Gate gate_;
  std::vector<FakeDevice*> devices_;
};

TEST_F(DevicePoolTest, TheNextBatchIsSubmittedWhileOneRuns) {
  ASSERT_TRUE(pool_.Start().ok());
  ASSERT_TRUE(Enqueue(1));
  WaitUntilTaken(0);
  ASSERT_TRUE(Enqueue(2));
  WaitUntilTaken(0);  // though nothing was finished
  gate_.WaitForArrivals(1);
  for (const float value : {3.0f, 4.0f, 5.0f}) ASSERT_TRUE(Enqueue(value));
  EXPECT_EQ(pool_.waiting(), 3u) << "a third batch is not taken: what arrives meanwhile makes it larger";
  Open();
  const std::vector<FakeReply> replies = replies_.WaitFor(5);
  for (size_t i = 0; i < 5; ++i) EXPECT_THAT(replies[i].outputs, ElementsAre(2.0f * (i + 1)));
  pool_.Stop();
  EXPECT_THAT(devices_[0]->batches, ElementsAre(1, 1, 3));
}

TEST_F(DevicePoolTest, AnIdleDeviceComesBeforeASecondBatchOnABusyOne) {
  AddDevice();
  ASSERT_TRUE(pool_.Start().ok());
  for (int request = 0; request < 2; ++request) {
    ASSERT_TRUE(Enqueue(1));
    WaitUntilTaken(0);
  }
  Open();
  replies_.WaitFor(2);
  pool_.Stop();
  EXPECT_THAT(devices_[0]->batches, ElementsAre(1));
  EXPECT_THAT(devices_[1]->batches, ElementsAre(1));
}

TEST_F(DevicePoolTest, StopAnswersWhatIsUnderWay) {
  ASSERT_TRUE(pool_.Start().ok());
  for (const float value : {1.0f, 2.0f, 3.0f}) ASSERT_TRUE(Enqueue(value));
  Open();
  pool_.Stop();
  EXPECT_EQ(replies_.WaitFor(3).size(), 3u);
}

TEST_F(DevicePoolTest, BucketsAreRecordedWhileWarming) {
  model_->settings.inputs = {{"x", DataType::kFp32, {1}}};
  model_->settings.outputs = {{"y", DataType::kFp32, {1}}};
  model_->settings.buckets = {1, 2, 8};
  model_->settings.warm_dims = {{1}};
  model_->settings.device = DeviceKind::kGpu;
  model_->settings.cuda_graphs = true;
  devices_[0]->FailNext("record 1", absl::InternalError("will not be captured"));
  Open();
  ASSERT_TRUE(pool_.Start().ok()) << "what cannot be recorded runs eagerly";
  for (const float value : {1.0f, 2.0f, 3.0f}) ASSERT_TRUE(Enqueue(value));
  replies_.WaitFor(3);
  pool_.Stop();
  const DeviceStatistics& statistics = model_->instance_graphs[0]->async()->statistics();
  EXPECT_EQ(statistics.failed_recordings, 1u);
  EXPECT_EQ(statistics.recording_fault, "will not be captured");
  EXPECT_GE(model_->counters.slot(0).device.replayed_batches.Read(), 1u);
  EXPECT_EQ(model_->counters.slot(0).device.failed_recordings.Read(), 1u);
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
