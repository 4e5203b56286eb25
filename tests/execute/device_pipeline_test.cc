#include "server/execute/device_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/device_fault.h"
#include "tests/fakes/fake_device.h"

namespace driftserve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

// One request of floats, [rows, 1].
struct Request {
  explicit Request(std::vector<float> numbers) : values(std::move(numbers)) {
    const auto rows = static_cast<int64_t>(values.size());
    inputs.push_back(
        {DataType::kFp32, {rows, 1}, reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
  BatchItem Item() const { return {&inputs, static_cast<int64_t>(values.size())}; }

  std::vector<float> values;
  TensorList inputs;
};

std::vector<float> Values(const TensorList& outputs) {
  const auto* const first = reinterpret_cast<const float*>(outputs[0].bytes);
  return {first, first + outputs[0].byte_size / sizeof(float)};
}

class DevicePipelineTest : public testing::Test {
 protected:
  DevicePipelineTest() { Make({"x", DataType::kFp32, {1}}); }

  void Make(const TensorSpec& input) {
    LoadRequest request;
    request.model_name = "m";
    request.inputs = {input};
    request.outputs = {{"y", DataType::kFp32, {1}}};
    request.max_rows = 8;
    auto device = std::make_unique<FakeDevice>();
    device_ = device.get();
    pipeline_ = std::make_unique<DevicePipeline>(request, std::move(device));
  }

  absl::Status Submit(std::vector<std::vector<float>> requests) {
    std::vector<Request> made;
    for (std::vector<float>& values : requests) made.emplace_back(std::move(values));
    std::vector<BatchItem> items;
    for (const Request& request : made) items.push_back(request.Item());
    return pipeline_->Submit(items);  // the requests' bytes go with this function
  }

  std::vector<float> Finish() {
    TensorList outputs;
    const absl::Status status = pipeline_->Finish(outputs);
    EXPECT_TRUE(status.ok()) << status;
    return status.ok() ? Values(outputs) : std::vector<float>();
  }

  FakeDevice* device_;
  std::unique_ptr<DevicePipeline> pipeline_;
};

TEST_F(DevicePipelineTest, TheNextBatchIsOnItsWayWhileOneRuns) {
  ASSERT_TRUE(Submit({{1, 2}, {3}}).ok());
  ASSERT_TRUE(Submit({{4}}).ok());
  EXPECT_EQ(pipeline_->under_way(), 2u);
  device_->log.erase(std::remove(device_->log.begin(), device_->log.end(), "slab"), device_->log.end());
  EXPECT_THAT(device_->log, ElementsAre("in 0", "run 0", "out 0", "in 1", "run 1", "out 1")) << "no waiting";
  EXPECT_THAT(Finish(), ElementsAre(2, 4, 6));
  ASSERT_TRUE(Submit({{5}}).ok());
  EXPECT_THAT(Finish(), ElementsAre(8));
  EXPECT_THAT(Finish(), ElementsAre(10));
  EXPECT_EQ(pipeline_->under_way(), 0u);
}

TEST_F(DevicePipelineTest, SlabsAreUsedAgain) {
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(Submit({{1, 2, 3, 4, 5, 6, 7, 8}}).ok());
    Finish();
  }
  const int at_first = device_->slabs;
  EXPECT_EQ(at_first, 4) << "one in, one out, in each slot";
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(Submit({{1, 2}, {3}}).ok());
    Finish();
  }
  EXPECT_EQ(device_->slabs, at_first);
  EXPECT_EQ(pipeline_->statistics().slabs, 4u);
  EXPECT_EQ(pipeline_->statistics().pinned_bytes, device_->slab_bytes);
  EXPECT_EQ(pipeline_->statistics().eager_batches, 102u);
}

TEST_F(DevicePipelineTest, WhatAnUnusuallyLargeBatchNeededGoesWithTheNext) {
  Make({"x", DataType::kFp32, {-1}});
  const std::vector<float> large((DevicePipeline::kKeptSlabBytes >> 2) + 1, 1);
  for (int round = 0; round < 2; ++round) {
    Request request({1});
    request.inputs[0] = {DataType::kFp32, {1, static_cast<int64_t>(large.size())},
                         reinterpret_cast<const char*>(large.data()), large.size() * sizeof(float)};
    const BatchItem item = request.Item();
    ASSERT_TRUE(pipeline_->Submit({&item, 1}).ok());
    Finish();
  }
  EXPECT_GT(device_->slab_bytes, 2 * DevicePipeline::kKeptSlabBytes);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(Submit({{1}}).ok());
    Finish();
  }
  EXPECT_LT(device_->slab_bytes, size_t{1} << 12);
  EXPECT_EQ(pipeline_->statistics().pinned_bytes, device_->slab_bytes);
}

TEST_F(DevicePipelineTest, AStepThatFailsLeavesNothingUnderWay) {
  for (const char* const step : {"slab", "in 0", "run 0", "out 0"}) {
    SCOPED_TRACE(step);
    Make({"x", DataType::kFp32, {1}});
    device_->FailNext(step, absl::ResourceExhaustedError("CUDA out of memory"));
    EXPECT_EQ(Submit({{1}}).code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(pipeline_->under_way(), 0u);
    EXPECT_EQ(device_->log.back(), "drain 0") << "what was queued of it ends before its slabs are used again";
    ASSERT_TRUE(Submit({{3}}).ok());
    EXPECT_THAT(Finish(), ElementsAre(6));
  }
}

TEST_F(DevicePipelineTest, ABatchThatFailsLeavesTheOtherAlone) {
  ASSERT_TRUE(Submit({{1}}).ok());
  device_->FailNext("run 1", absl::ResourceExhaustedError("CUDA out of memory"));
  EXPECT_FALSE(Submit({{2}}).ok());
  EXPECT_EQ(pipeline_->under_way(), 1u);
  EXPECT_THAT(Finish(), ElementsAre(2));

  ASSERT_TRUE(Submit({{3}}).ok());
  ASSERT_TRUE(Submit({{4}}).ok());
  device_->FailNext("wait 1", absl::InternalError("device-side failure"));
  TensorList outputs;
  EXPECT_THAT(std::string(pipeline_->Finish(outputs).message()), HasSubstr("device-side failure"));
  EXPECT_THAT(Finish(), ElementsAre(8));
}

TEST_F(DevicePipelineTest, ADeviceThatIsGoneIsSaidToBe) {
  device_->FailNext("run 0", absl::InternalError("some kernel"));
  device_->FailNext("drain 0", DeviceFault("CUDA error: an illegal memory access was encountered"));
  EXPECT_TRUE(IsDeviceFault(Submit({{1}})));
}

TEST_F(DevicePipelineTest, ARecordedRunTakesBatchesOfFewerRows) {
  const Request four({1, 2, 3, 4});
  const BatchItem item = four.Item();
  ASSERT_TRUE(pipeline_->Record({&item, 1}).ok());
  EXPECT_THAT(device_->log, IsSupersetOf({"record 0", "record 1"})) << "each slot has memory of its own";
  ASSERT_TRUE(Submit({{5, 6}, {7}}).ok());
  ASSERT_TRUE(Submit({{1, 2, 3, 4, 5}}).ok());
  EXPECT_THAT(device_->batches, ElementsAre(4, 5)) << "filled up to what was recorded, where that is enough";
  EXPECT_THAT(Finish(), ElementsAre(10, 12, 14)) << "nobody sees the rows that were added";
  EXPECT_THAT(Finish(), ElementsAre(2, 4, 6, 8, 10));
  EXPECT_EQ(pipeline_->statistics().replayed_batches, 1u);
  EXPECT_EQ(pipeline_->statistics().eager_batches, 1u);
}

TEST_F(DevicePipelineTest, WhatCannotBeRecordedRunsEagerly) {
  device_->FailNext("record 1", absl::InternalError("operation not permitted when stream is capturing"));
  const Request one({1});
  const BatchItem item = one.Item();
  EXPECT_THAT(std::string(pipeline_->Record({&item, 1}).message()), HasSubstr("not permitted"));
  EXPECT_EQ(pipeline_->statistics().failed_recordings, 1u);
  for (const float value : {1.0f, 2.0f}) {
    ASSERT_TRUE(Submit({{value}}).ok());
    EXPECT_THAT(Finish(), ElementsAre(2 * value));
  }
}

TEST_F(DevicePipelineTest, AModelWithoutBatchesTakesOneRequest) {
  LoadRequest request;
  request.model_name = "m";
  request.inputs = {{"x", DataType::kFp32, {-1, 1}}};
  request.outputs = {{"y", DataType::kFp32, {-1, 1}}};
  request.batches = false;
  DevicePipeline pipeline(request, std::make_unique<FakeDevice>());
  const Request two({1, 2});
  const BatchItem item{&two.inputs, 2}, items[] = {item, item};
  TensorList outputs;
  EXPECT_THAT(std::string(pipeline.Run(items, outputs).message()), HasSubstr("expected exactly one request"));
  ASSERT_TRUE(pipeline.Run({&item, 1}, outputs).ok());
  EXPECT_THAT(Values(outputs), ElementsAre(2, 4));
}

}  // namespace
}  // namespace driftserve
