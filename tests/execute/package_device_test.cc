// Packages as they are loaded and run, with native code that was built beside the tests: on the CPU, and on GPUs that
// the CPU stands in for by torch's own streams.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <torch/csrc/inductor/aoti_runner/model_container_runner.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/text.h"
#include "server/execute/async_graph.h"
#include "server/execute/package_gpus.h"
#include "server/execute/package_loader.h"
#include "tests/fakes/float_request.h"
#include "tests/fakes/torch_models.h"
#include "tests/fakes/torch_streams.h"

namespace driftserve {
namespace {

using fakes::FloatRequest;
using fakes::Floats;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using torch::inductor::AOTIModelContainerRunner;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A package of code that doubles its input; `more` goes into its stamps.
std::string Package(const std::string& device, const std::string& more = "") {
  const std::string folder = "data/aotinductor/model/";
  fakes::Records records = {
      {folder + "a.wrapper.so", ReadFile(FAKE_PACKAGE)},
      {folder + "a.wrapper_metadata.json",
       Concat(R"({"AOTI_MACHINE": "x86_64", "AOTI_DEVICE_KEY": ")", device, "\"", more, "}")}};
  if (device == "cuda") records[folder + "kernel.cubin"] = "a kernel";
  return fakes::MakePackage(records);
}

/// A folder to unpack in, which says what lies there.
class UnpackFolder {
 public:
  UnpackFolder()
      : path_(Concat(testing::TempDir(), "unpacked-", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(path_);
  }
  ~UnpackFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      if (entry.is_regular_file()) files.push_back(entry.path().filename());
    }
    return files;
  }

 private:
  const std::string path_;
};

LoadRequest Request(const std::string& package, const UnpackFolder& folder, DeviceKind device) {
  LoadRequest request;
  request.model_name = "m";
  request.file = "m/1/model.pt2";
  request.bytes = std::make_shared<const std::string>(package);
  request.inputs = {{"x", DataType::kFp32, {2}}};
  request.outputs = {{"y", DataType::kFp32, {2}}};
  request.max_rows = 8;
  request.device = device;
  request.unpack_folder = folder.path();
  return request;
}

/// AOTI_RUNTIME_CHECK_INPUTS, as a trial's process has it.
class CheckedInputs {
 public:
  CheckedInputs() { setenv("AOTI_RUNTIME_CHECK_INPUTS", "1", 1); }
  ~CheckedInputs() { unsetenv("AOTI_RUNTIME_CHECK_INPUTS"); }
};

absl::Status RunBatch(Graph& graph, const std::vector<FloatRequest>& requests, TensorList& outputs) {
  std::vector<BatchItem> items;
  for (const FloatRequest& request : requests) items.push_back(request.Item());
  return graph.Run(items, outputs);
}

TEST(PackageOnCpuTest, RunsItsCodeAndLeavesNothingUnpacked) {
  const UnpackFolder folder;
  const auto loaded = MakePackageLoader()->Load(Request(Package("cpu"), folder, DeviceKind::kCpu));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_FALSE((*loaded)->writes_own_state());
  EXPECT_THAT(folder.Files(), IsEmpty());
  const auto graph = (*loaded)->NewGraph();
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ((*graph)->async(), nullptr);
  TensorList outputs;
  ASSERT_TRUE(RunBatch(**graph, {{{1, 2}, {1, 2}}, {{2, 2}, {3, 4, 5, 6}}}, outputs).ok());
  EXPECT_THAT(Floats(outputs[0]), ElementsAre(2, 4, 6, 8, 10, 12));
  const absl::Status failed = RunBatch(**graph, {{{1, 2}, {1, -2}}}, outputs);
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal) << failed;
  EXPECT_TRUE(RunBatch(**graph, {{{1, 2}, {1, 2}}}, outputs).ok());

  const TensorList nothing(1);
  const BatchItem item{&nothing, 1};
  EXPECT_THAT(std::string((*graph)->Run({&item, 1}, outputs).message()),
              HasSubstr("input `x`: a compiled package needs all its inputs, got none"));
}

/// How LibTorch's runner for CUDA was asked for, last.
struct Made {
  std::string device, folder;
  size_t runners = 0;
  bool single_threaded = false;
  int folds = 0;
} made;

/// In its place: the same code on the CPU.
class StandInRunner final : public AOTIModelContainerRunner {
 public:
  StandInRunner(const std::string& library, size_t runners, const std::string& folder, bool single_threaded)
      : AOTIModelContainerRunner(library, runners, "cpu", folder, single_threaded) {
    run_const_fold_func_ = [](auto...) -> AOTIRuntimeError { return ++made.folds, AOTI_RUNTIME_SUCCESS; };
  }
};

std::unique_ptr<AOTIModelContainerRunner> MakeStandIn(const std::string& library, size_t runners,
                                                      const std::string& device, const std::string& folder,
                                                      bool single_threaded) {
  made = {device, folder, runners, single_threaded};
  return std::make_unique<StandInRunner>(library, runners, folder, single_threaded);
}

class PackageOnGpuTest : public ::testing::Test {
 protected:
  PackageOnGpuTest() {
    torch::inductor::getAOTIModelRunnerRegistry()["cuda"] = MakeStandIn;
    gpus_.type = c10::kCPU;
    gpus_.count = [] { return 1; };
    gpus_.compute_capability = [](int) { return 80; };
    gpus_.memory_faults = [this](int) { return memory_faults_; };
    gpus_.new_recorder = [this] {
      return absl::StatusOr<std::unique_ptr<RunRecorder>>(std::make_unique<fakes::FakeRecorder>(&replays_));
    };
  }
  ~PackageOnGpuTest() override { torch::inductor::getAOTIModelRunnerRegistry().erase("cuda"); }

  LoadRequest GpuRequest(const std::string& package) const { return Request(package, folder_, DeviceKind::kGpu); }
  std::string Fault(const LoadRequest& request) {
    const auto loaded = MakePackageLoader(gpus_)->Load(request);
    EXPECT_FALSE(loaded.ok());
    EXPECT_THAT(folder_.Files(), IsEmpty());
    return std::string(loaded.status().message());
  }
  // A graph of the package that doubles.
  std::unique_ptr<Graph> Load(const LoadRequest& request) {
    const auto loaded = MakePackageLoader(gpus_)->Load(request);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    auto graph = (*loaded)->NewGraph();
    EXPECT_TRUE(graph.ok()) << graph.status();
    return *std::move(graph);
  }

  const UnpackFolder folder_;
  fakes::NotingGuard guard_;
  PackageGpus gpus_;
  int64_t memory_faults_ = 0;
  int replays_ = 0;
  TensorList outputs_;
};

TEST_F(PackageOnGpuTest, TwoBatchesAreUnderWayOnStreamsOfTheProgram) {
  const std::unique_ptr<Graph> graph = Load(GpuRequest(Package("cuda")));
  AsyncGraph* const pipeline = graph->async();
  ASSERT_NE(pipeline, nullptr);
  guard_.log.clear();
  const FloatRequest first({2, 2}, {1, 2, 3, 4}), second({1, 2}, {5, 6});
  const BatchItem items[] = {first.Item(), second.Item()};
  ASSERT_TRUE(pipeline->Submit(items).ok());
  ASSERT_TRUE(pipeline->Submit({items + 1, 1}).ok());
  EXPECT_THAT(guard_.log,
              ElementsAre("record 0 on 1", "block 0 on 2", "record 1 on 2", "block 1 on 3", "record 2 on 3",  //
                          "record 3 on 1", "block 3 on 2", "record 4 on 2", "block 4 on 3", "record 5 on 3"));
  ASSERT_TRUE(pipeline->Finish(outputs_).ok());
  EXPECT_THAT(Floats(outputs_[0]), ElementsAre(2, 4, 6, 8, 10, 12));
  ASSERT_TRUE(pipeline->Finish(outputs_).ok());
  EXPECT_THAT(Floats(outputs_[0]), ElementsAre(10, 12));
}

TEST_F(PackageOnGpuTest, OneThreadHasARunnerThatWaitsForNothing) {
  Load(GpuRequest(Package("cuda")));
  EXPECT_EQ(made.device, "cuda:0");
  EXPECT_EQ(made.runners, 1u);
  EXPECT_TRUE(made.single_threaded);
  EXPECT_EQ(made.folds, 0) << "a single-threaded runner would be gone: its first run folds";
}

TEST_F(PackageOnGpuTest, SeveralThreadsHaveARunnerForEachBatchUnderWay) {
  LoadRequest request = GpuRequest(Package("cuda"));
  request.runners = 3;
  Load(request);
  EXPECT_EQ(made.runners, 6u);
  EXPECT_FALSE(made.single_threaded);
  EXPECT_EQ(made.folds, 1);
  EXPECT_THAT(guard_.log, ElementsAre("settle")) << "constants are there before any graph";
}

TEST_F(PackageOnGpuTest, KernelsStayUnpackedAsLongAsSomethingMayRunThem) {
  std::unique_ptr<Graph> graph = Load(GpuRequest(Package("cuda")));
  EXPECT_THAT(folder_.Files(), UnorderedElementsAre("kernel.cubin", "a.wrapper_metadata.json"));
  EXPECT_THAT(made.folder, HasSubstr(folder_.path()));
  EXPECT_TRUE(std::filesystem::exists(made.folder + "/kernel.cubin"));
  graph = nullptr;
  EXPECT_THAT(folder_.Files(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(made.folder));
}

TEST_F(PackageOnGpuTest, ItsRunsAreRecorded) {
  LoadRequest request = GpuRequest(Package("cuda"));
  request.cuda_graphs = true;
  const std::unique_ptr<Graph> graph = Load(request);
  const FloatRequest four({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const BatchItem item = four.Item();
  ASSERT_TRUE(graph->Run({&item, 1}, outputs_).ok());
  ASSERT_TRUE(graph->async()->Record({&item, 1}).ok());
  ASSERT_TRUE(RunBatch(*graph, {{{3, 2}, {9, 9, 9, 9, 9, 9}}}, outputs_).ok());
  EXPECT_EQ(replays_, 1);
}

TEST_F(PackageOnGpuTest, RunsOfSeveralInstancesAreNotRecorded) {
  LoadRequest request = GpuRequest(Package("cuda"));
  request.cuda_graphs = true;
  request.runners = 2;
  EXPECT_THAT(Fault(request), HasSubstr("m/1/model.pt2: optimization.cuda.graphs: runs of a package are recorded with "
                                        "one instance on a GPU, got 2: set instance_group.count to 1"));
}

TEST_F(PackageOnGpuTest, WhatFailedInsideIsAskedOfTheAllocator) {
  const std::unique_ptr<Graph> graph = Load(GpuRequest(Package("cuda")));
  EXPECT_EQ(RunBatch(*graph, {{{1, 2}, {1, -2}}}, outputs_).code(), absl::StatusCode::kInternal);
  memory_faults_ = 3;
  EXPECT_EQ(RunBatch(*graph, {{{1, 2}, {1, -2}}}, outputs_).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RunBatch(*graph, {{{1, 2}, {1, -2}}}, outputs_).code(), absl::StatusCode::kInternal) << "that was before";
  ASSERT_TRUE(RunBatch(*graph, {{{1, 2}, {1, 2}}}, outputs_).ok());
}

TEST_F(PackageOnGpuTest, WhereInputsAreCheckedASingleRowIsFilledUp) {
  const CheckedInputs checked;
  const std::unique_ptr<Graph> graph = Load(GpuRequest(Package("cuda")));
  ASSERT_TRUE(RunBatch(*graph, {{{1, 2}, {1, 2}}}, outputs_).ok());
  EXPECT_THAT(outputs_[0].shape, ElementsAre(1, 2));
  EXPECT_THAT(Floats(outputs_[0]), ElementsAre(2, 4));
}

TEST_F(PackageOnGpuTest, APackageForAnotherDeviceIsRefused) {
  EXPECT_THAT(Fault(GpuRequest(Package("cpu"))),
              HasSubstr("m/1/model.pt2: instance_group.kind: expected KIND_CPU, as the package was compiled for cpu"));
  EXPECT_THAT(Fault(GpuRequest(Package("cuda", R"(, "AOTI_COMPUTE_CAPABILITY": "90")"))),
              HasSubstr("m/1/model.pt2: it was compiled for a GPU of compute capability 9.0, GPU 0 has 8.0"));
  LoadRequest second = GpuRequest(Package("cuda"));
  second.device_index = 1;
  EXPECT_THAT(Fault(second), HasSubstr("instance_group asks for GPU 1, this machine and build have 1"));
}

TEST_F(PackageOnGpuTest, WhatIsMissingOnTheMachineIsSaid) {
  gpus_.compute_capability = [](int) { return absl::UnimplementedError("libdriftserve_cuda.so: it is not there"); };
  EXPECT_THAT(Fault(GpuRequest(Package("cuda"))), HasSubstr("m/1/model.pt2: libdriftserve_cuda.so: it is not there"));
  gpus_.compute_capability = [](int) { return 80; };
  torch::inductor::getAOTIModelRunnerRegistry().erase("cuda");
  EXPECT_THAT(Fault(GpuRequest(Package("cuda"))), HasSubstr("this LibTorch runs no packages on a GPU"));
  EXPECT_THAT(std::string(MakePackageLoader()->Load(GpuRequest(Package("cuda"))).status().message()),
              HasSubstr("instance_group asks for GPU 0, this machine and build have 0"));
}

}  // namespace
}  // namespace driftserve
