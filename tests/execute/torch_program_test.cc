#include "server/execute/torch_program.h"

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/device_fault.h"
#include "server/base/text.h"
#include "server/execute/device_pipeline.h"
#include "server/execute/torchscript_graph.h"
#include "tests/fakes/float_request.h"
#include "tests/fakes/torch_streams.h"

namespace driftserve {
namespace {

using fakes::Floats;
using fakes::FloatRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TorchProgramTest : public ::testing::Test {
 protected:
  // A pipeline of the module that `forward` makes, with one input of two columns.
  void Make(const std::string& forward, std::vector<TensorSpec> outputs, ForwardResult result) {
    module_ = std::make_unique<torch::jit::Module>("M");
    module_->define(forward);
    auto plan = std::make_shared<GraphPlan>();
    plan->request.model_name = "m";
    plan->request.device = DeviceKind::kGpu;
    plan->request.inputs = {{"x", DataType::kFp32, {2}}};
    plan->request.outputs = std::move(outputs);
    plan->request.max_rows = 8;
    plan->sources = {0};
    plan->defaults = {c10::IValue()};
    plan->result = std::move(result);
    for (size_t i = 0; i < plan->request.outputs.size(); ++i) plan->places.push_back(static_cast<int>(i));
    plan_ = plan;
    const auto graph = module_->get_method("forward").graph()->copy();
    torch::jit::Inline(*graph);
    pipeline_ = std::make_unique<DevicePipeline>(
        plan->request, MakeTorchProgram(plan->request, MakeTorchScriptCall(plan, graph, module_->_ivalue()),
                                        c10::Device(c10::kCPU, 0), [this] {
          return absl::StatusOr<std::unique_ptr<RunRecorder>>(std::make_unique<fakes::FakeRecorder>(&replays_));
        }));
  }
  void MakeDoubling() {
    Make("def forward(self, x):\n  return torch.add(x, x)\n", {{"y", DataType::kFp32, {2}}}, {});
  }

  absl::Status Submit(const std::vector<FloatRequest>& requests) {
    std::vector<BatchItem> items;
    for (const FloatRequest& request : requests) items.push_back(request.Item());
    return pipeline_->Submit(items);
  }

  fakes::NotingGuard guard_;
  int replays_ = 0;
  std::unique_ptr<torch::jit::Module> module_;
  std::shared_ptr<GraphPlan> plan_;
  std::unique_ptr<DevicePipeline> pipeline_;
  TensorList outputs_;
};

TEST_F(TorchProgramTest, EachStepWaitsForTheOneBeforeOnAStreamOfItsOwn) {
  MakeDoubling();
  ASSERT_TRUE(Submit({{{1, 2}, {1, 2}}, {{2, 2}, {3, 4, 5, 6}}}).ok());
  ASSERT_TRUE(Submit({{{1, 2}, {7, 8}}}).ok());
  EXPECT_THAT(guard_.log,
              ElementsAre("record 0 on 1", "block 0 on 2", "record 1 on 2", "block 1 on 3", "record 2 on 3",  //
                          "record 3 on 1", "block 3 on 2", "record 4 on 2", "block 4 on 3", "record 5 on 3"))
      << "in on 1, runs on 2, out on 3; nothing was waited for";
  guard_.log.clear();
  ASSERT_TRUE(pipeline_->Finish(outputs_).ok());
  EXPECT_THAT(guard_.log, ElementsAre("wait 2"));
  EXPECT_THAT(Floats(outputs_[0]), ElementsAre(2, 4, 6, 8, 10, 12));
  EXPECT_THAT(outputs_[0].shape, ElementsAre(3, 2));
  ASSERT_TRUE(pipeline_->Finish(outputs_).ok());
  EXPECT_THAT(Floats(outputs_[0]), ElementsAre(14, 16));
}

TEST_F(TorchProgramTest, ReadyIsWhatTheLastEventSays) {
  MakeDoubling();
  ASSERT_TRUE(Submit({{{1, 2}, {1, 2}}}).ok());
  guard_.done = false;
  EXPECT_FALSE(pipeline_->Ready());
  guard_.done = true;
  EXPECT_TRUE(pipeline_->Ready());
}

TEST_F(TorchProgramTest, OutputsAreCheckedAndMayBeViewsInAnyOrder) {
  Make("def forward(self, x):\n  return x.t().contiguous().t(), x.select(1, 1)\n",
       {{"same", DataType::kFp32, {2}}, {"second", DataType::kFp32, {1}}}, {ForwardResult::Kind::kSequence, {}, {}});
  ASSERT_TRUE(Submit({{{2, 2}, {1, 2, 3, 4}}}).ok());
  ASSERT_TRUE(pipeline_->Finish(outputs_).ok());
  EXPECT_THAT(Floats(outputs_[0]), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Floats(outputs_[1]), ElementsAre(2, 4));
  EXPECT_THAT(outputs_[1].shape, ElementsAre(2, 1)) << "a score per row may come without its one column";

  Make("def forward(self, x):\n  return torch.sum(x)\n", {{"y", DataType::kFp32, {2}}}, {});
  EXPECT_THAT(std::string(Submit({{{1, 2}, {1, 2}}}).message()),
              HasSubstr("model `m`, output `y`: config.pbtxt says [1,2], the model returned []"));
  EXPECT_EQ(pipeline_->under_way(), 0u);
}

TEST_F(TorchProgramTest, WhatTheModelRaisesIsItsOwnMessage) {
  Make("def forward(self, x):\n  assert not bool(torch.any(torch.lt(x, 0))), 'negative input'\n  return x\n",
       {{"y", DataType::kFp32, {2}}}, {});
  const absl::Status status = Submit({{{1, 2}, {1, -2}}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("negative input"));
  ASSERT_TRUE(Submit({{{1, 2}, {1, 2}}}).ok());
  EXPECT_TRUE(pipeline_->Finish(outputs_).ok());
}

TEST_F(TorchProgramTest, CopiesAndEventsThatFindTheDeviceGoneSaySo) {
  for (const char* const step : {"record", "block"}) {
    MakeDoubling();
    guard_.FailNext(step, "CUDA error: an illegal memory access was encountered");
    EXPECT_TRUE(IsDeviceFault(Submit({{{1, 2}, {1, 2}}}))) << step;
  }
  MakeDoubling();
  ASSERT_TRUE(Submit({{{1, 2}, {1, 2}}}).ok());
  guard_.FailNext("wait", "CUDA error: unspecified launch failure");
  EXPECT_TRUE(IsDeviceFault(pipeline_->Finish(outputs_)));
}

TEST_F(TorchProgramTest, MemoryThatRunsOutIsNoFaultOfTheDevice) {
  MakeDoubling();
  guard_.FailNext("block", "CUDA out of memory. Tried to allocate 20.00 MiB.");
  EXPECT_EQ(Submit({{{1, 2}, {1, 2}}}).code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(TorchProgramTest, ARecordedRunReadsAndWritesTheMemoryThatItWasRecordedWith) {
  MakeDoubling();
  const FloatRequest four({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const BatchItem item = four.Item();
  ASSERT_TRUE(pipeline_->Run({&item, 1}, outputs_).ok());
  ASSERT_TRUE(pipeline_->Record({&item, 1}).ok());
  ASSERT_TRUE(Submit({{{1, 2}, {9, 9}}}).ok());
  ASSERT_TRUE(pipeline_->Finish(outputs_).ok());
  EXPECT_EQ(replays_, 1);
  EXPECT_THAT(outputs_[0].shape, ElementsAre(1, 2)) << "filled up to four rows, cut back to one";
  EXPECT_THAT(Floats(outputs_[0]), ElementsAre(2, 4)) << "the recorder did nothing: this is the recorded run's memory";
  ASSERT_TRUE(Submit({{{5, 2}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}}).ok());
  ASSERT_TRUE(pipeline_->Finish(outputs_).ok());
  EXPECT_EQ(replays_, 1) << "no recorded run is large enough";
  EXPECT_EQ(outputs_[0].byte_size, 40u);
}

TEST(RunsAsProgram, NumbersWithoutStateOnAGpu) {
  GraphPlan plan;
  plan.request.inputs = {{"x", DataType::kFp32, {2}}};
  EXPECT_FALSE(RunsAsProgram(plan)) << "on CPU";
  plan.request.device = DeviceKind::kGpu;
  EXPECT_TRUE(RunsAsProgram(plan));
  plan.writes.state = true;
  EXPECT_FALSE(RunsAsProgram(plan));
  plan.writes.state = false;
  plan.request.outputs = {{"t", DataType::kBytes, {1}}};
  EXPECT_FALSE(RunsAsProgram(plan));
}

}  // namespace
}  // namespace driftserve
