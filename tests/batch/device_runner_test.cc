#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/device_fault.h"
#include "server/batch/runner.h"
#include "server/execute/device_pipeline.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_device.h"
#include "tests/fakes/fake_inference.h"

namespace driftserve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A runner of batches on a fake device: what happens when batches overlap, and when the device fails.
class DeviceRunnerTest : public testing::Test {
 protected:
  DeviceRunnerTest() : tap_({4, 1 << 20}) {
    model_->settings.name = "m";
    model_->settings.max_batch_size = 8;
    const LoadRequest request = OneNumberRequest();
    auto device = std::make_unique<FakeDevice>();
    device_ = device.get();
    graph_ = std::make_unique<DevicePipeline>(request, std::move(device));
    ServingThread thread;
    thread.clock = &clock_;
    thread.admission = &admission_;
    thread.tap = tap_.AddProducer();
    thread.device_fault = [this](const std::string& model, const absl::Status&) { faults_.push_back(model); };
    thread.reclaim = [](std::unique_ptr<SampleOwner>) {};
    runner_ = std::make_unique<BatchRunner>(std::move(thread));
  }

  FakeInference* Add(std::vector<float> values) {
    auto inference = std::make_unique<FakeInference>(model_, std::move(values),
                                                     [this](FakeReply reply) { replies_.push_back(std::move(reply)); });
    inference->accepted_ns = clock_.MonotonicNanos();
    EXPECT_FALSE(admission_.Admit(inference->decoded.byte_size, model_->holding, true));
    FakeInference* const raw = inference.get();
    batch_.push_back(std::move(inference));
    return raw;
  }
  void Submit() {
    runner_->Submit(*graph_, absl::MakeSpan(batch_));
    batch_.clear();
  }
  void Finish() { runner_->FinishOldest(*graph_); }
  const ServingSlot& Slot() { return model_->counters.slot(0); }

  FakeClock clock_;
  Admission admission_{100, 1 << 20};
  Tap tap_;
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
  FakeDevice* device_;
  std::unique_ptr<DevicePipeline> graph_;
  std::unique_ptr<BatchRunner> runner_;
  std::vector<std::unique_ptr<Inference>> batch_;
  std::vector<FakeReply> replies_;
  std::vector<std::string> faults_;
};

TEST_F(DeviceRunnerTest, TwoBatchesAreUnderWayAndEachGetsItsOwnAnswers) {
  Add({1, 2});
  Add({3});
  Submit();
  Add({4});
  Submit();
  EXPECT_THAT(replies_, IsEmpty());
  Finish();
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_THAT(replies_[0].outputs, ElementsAre(2, 4));
  EXPECT_THAT(replies_[1].outputs, ElementsAre(6));
  Finish();
  EXPECT_THAT(replies_[2].outputs, ElementsAre(8));
  EXPECT_EQ(Slot().device.eager_batches.Read(), 2u);
  EXPECT_EQ(Slot().device.pinned_bytes.Read(), device_->slab_bytes);
  EXPECT_EQ(Slot().device.slabs.Read(), 4u);
  EXPECT_EQ(admission_.pending_requests(), 0);
}

TEST_F(DeviceRunnerTest, WhoIsNotToRunIsNotSubmitted) {
  Add({1})->cancelled = true;
  Submit();
  EXPECT_EQ(replies_.size(), 1u);
  EXPECT_EQ(graph_->under_way(), 0u);
}

TEST_F(DeviceRunnerTest, ABatchRunsFromWhenTheOneBeforeItHasEnded) {
  Add({1});
  Submit();
  clock_.Advance(1000);
  Add({2});
  Submit();
  clock_.Advance(3000);
  Finish();
  EXPECT_EQ(Slot().execute_duration.Sum(), 4000u);
  EXPECT_EQ(Slot().running_since_ns.Read(), static_cast<uint64_t>(clock_.MonotonicNanos()))
      << "the watchdog sees a run for each";
  clock_.Advance(500);
  Finish();
  EXPECT_EQ(Slot().execute_duration.Sum(), 4500u);
  EXPECT_EQ(Slot().queue_duration.Sum(), 3000u) << "the second waited for the device";
  EXPECT_EQ(Slot().running_since_ns.Read(), 0u);
}

TEST_F(DeviceRunnerTest, MemoryThatRunsOutOnTheWayInHalvesThatBatchAlone) {
  Add({1});
  Submit();
  Add({2});
  Add({3});
  device_->FailNext("in 1", absl::ResourceExhaustedError("CUDA out of memory"));
  Submit();
  ASSERT_EQ(replies_.size(), 3u) << "what was under way ended first, and gave its memory back";
  EXPECT_THAT(replies_[0].outputs, ElementsAre(2));
  EXPECT_THAT(replies_[1].outputs, ElementsAre(4));
  EXPECT_THAT(replies_[2].outputs, ElementsAre(6));
  EXPECT_EQ(Slot().halved_batches.Read(), 1u);
  EXPECT_EQ(graph_->under_way(), 0u);
  EXPECT_EQ(Slot().running_since_ns.Read(), 0u);
}

TEST_F(DeviceRunnerTest, MemoryThatRunsOutInTheRunDoesSoToo) {
  for (const std::vector<float>& values : {std::vector<float>{1}, {2}}) {
    Add(values);
    Add(values);
    Submit();
  }
  device_->FailNext("wait 0", absl::ResourceExhaustedError("CUDA out of memory"));
  Finish();
  ASSERT_EQ(replies_.size(), 4u);
  for (const FakeReply& reply : replies_) EXPECT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_THAT(replies_[0].outputs, ElementsAre(4)) << "the batch behind it is whole";
  EXPECT_THAT(replies_[2].outputs, ElementsAre(2));
  EXPECT_EQ(Slot().halved_batches.Read(), 1u);
}

TEST_F(DeviceRunnerTest, AHalfThatFailsAgainAndARequestAloneFailTheirCallersOnly) {
  Add({1});
  Add({2});
  device_->FailNext("run 0", absl::ResourceExhaustedError("CUDA out of memory"));
  device_->on_wait = [this](size_t slot) {
    device_->FailNext(slot == 0 ? "wait 0" : "wait 1", absl::ResourceExhaustedError("CUDA out of memory"));
    device_->on_wait = nullptr;
  };
  Submit();
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[0].status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(replies_[1].outputs, ElementsAre(4));
  EXPECT_EQ(Slot().halved_batches.Read(), 1u);

  Add({3});
  device_->FailNext("slab", absl::ResourceExhaustedError("no page-locked memory"));
  device_->FailNext("in 0", absl::ResourceExhaustedError("CUDA out of memory"));
  device_->FailNext("in 1", absl::ResourceExhaustedError("CUDA out of memory"));
  Submit();
  EXPECT_EQ(replies_.back().status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Slot().halved_batches.Read(), 1u) << "a request alone has no half";
}

TEST_F(DeviceRunnerTest, ADeviceThatIsGoneFailsAllThatIsUnderWay) {
  for (const float value : {1.0f, 2.0f}) {
    Add({value});
    Submit();
  }
  device_->FailNext("wait 0", DeviceFault("CUDA error: an illegal memory access was encountered"));
  device_->FailNext("wait 1", DeviceFault("CUDA error: an illegal memory access was encountered"));
  Finish();
  Finish();
  for (const FakeReply& reply : replies_) EXPECT_EQ(reply.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(faults_, ElementsAre("m", "m"));
  EXPECT_EQ(Slot().device_faults.Read(), 2u);
}

TEST_F(DeviceRunnerTest, ACopyThatFindsTheDeviceGoneIsAFaultToo) {
  Add({1});
  device_->FailNext("in 0", DeviceFault("CUDA error: unspecified launch failure"));
  Submit();
  EXPECT_THAT(faults_, ElementsAre("m"));
  EXPECT_EQ(replies_[0].status.code(), absl::StatusCode::kUnavailable);
}

TEST_F(DeviceRunnerTest, OrderedAnswersKeepTheirOrderThroughAHalving) {
  model_->reply_order = std::make_shared<ReplyOrder>();
  for (const float value : {1.0f, 2.0f}) Add({value})->ticket = model_->reply_order->Issue();
  Submit();
  Add({3})->ticket = model_->reply_order->Issue();
  Submit();
  device_->FailNext("wait 0", absl::ResourceExhaustedError("CUDA out of memory"));
  Finish();
  ASSERT_EQ(replies_.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_THAT(replies_[i].outputs, ElementsAre(2.0f * (i + 1)));
}

}  // namespace
}  // namespace driftserve
