#include "server/execute/torchscript_loader.h"

#include <cmath>
#include <cstring>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/torch_models.h"

// Asking for more memory than there is must fail here as it does without the sanitizer, which else ends the program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace driftserve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The numbers and texts of one request.
struct Request {
  std::vector<std::string> bytes;
  TensorList inputs;

  template <typename Number>
  Request& Add(DataType type, Shape shape, std::vector<Number> values) {
    bytes.emplace_back(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
    inputs.push_back({type, std::move(shape), nullptr, 0});
    return *this;
  }
  Request& AddTexts(Shape shape, const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) {
      const uint32_t length = static_cast<uint32_t>(text.size());
      all.append(reinterpret_cast<const char*>(&length), 4).append(text);
    }
    bytes.push_back(all);
    inputs.push_back({DataType::kBytes, std::move(shape), nullptr, 0});
    return *this;
  }
  BatchItem Item(int64_t rows) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs[i].bytes = bytes[i].data();
      inputs[i].byte_size = bytes[i].size();
    }
    return {&inputs, rows};
  }
};

Request Floats(Shape shape, std::vector<float> values) {
  Request request;
  request.Add(DataType::kFp32, std::move(shape), std::move(values));
  return request;
}

template <typename Number = float>
std::vector<Number> Values(const TensorView& view) {
  std::vector<Number> values(view.byte_size / sizeof(Number));
  std::memcpy(values.data(), view.bytes, view.byte_size);
  return values;
}

TensorSpec Spec(std::string name, std::vector<int64_t> dims, DataType type = DataType::kFp32, bool optional = false) {
  return {std::move(name), type, std::move(dims), optional};
}

class TorchScriptLoaderTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<Executable>> Load(std::string bytes, std::vector<TensorSpec> inputs,
                                                   std::vector<TensorSpec> outputs, bool batches = true) {
    LoadRequest request;
    request.model_name = "fake";
    request.file = "fake/1/model.pt";
    request.bytes = std::make_shared<const std::string>(std::move(bytes));
    request.inputs = std::move(inputs);
    request.outputs = std::move(outputs);
    request.batches = batches;
    return loader_->Load(request);
  }

  std::unique_ptr<Graph> NewGraph(std::string bytes, std::vector<TensorSpec> inputs, std::vector<TensorSpec> outputs,
                                  bool batches = true) {
    auto executable = Load(std::move(bytes), std::move(inputs), std::move(outputs), batches);
    EXPECT_TRUE(executable.ok()) << executable.status();
    if (!executable.ok()) return nullptr;
    auto graph = (*executable)->NewGraph();
    EXPECT_TRUE(graph.ok()) << graph.status();
    return *std::move(graph);
  }

  std::unique_ptr<Graph> Mlp() { return NewGraph(fakes::MakeMlp(), {Spec("features", {8})}, {Spec("score", {1})}); }

  absl::Status Run(Graph& graph, Request request, int64_t rows) {
    const BatchItem item = request.Item(rows);
    return graph.Run({&item, 1}, outputs_);
  }

  std::unique_ptr<Loader> loader_ = MakeTorchScriptLoader();
  TensorList outputs_;
};

TEST_F(TorchScriptLoaderTest, ABatchOfSeveralRequestsGivesEachItsOwnRows) {
  const auto graph = Mlp();
  std::vector<float> first(8), second(16);
  for (size_t i = 0; i < 8; ++i) first[i] = 0.1f * static_cast<float>(i);
  for (size_t i = 0; i < 16; ++i) second[i] = -0.2f * static_cast<float>(i);
  ASSERT_TRUE(Run(*graph, Floats({1, 8}, first), 1).ok());
  const float alone = Values(outputs_[0])[0];
  EXPECT_TRUE(alone > 0 && alone < 1) << alone;
  ASSERT_TRUE(Run(*graph, Floats({2, 8}, second), 2).ok());
  const std::vector<float> pair = Values(outputs_[0]);
  Request a = Floats({1, 8}, first), b = Floats({2, 8}, second);
  const BatchItem items[] = {a.Item(1), b.Item(2)};
  ASSERT_TRUE(graph->Run(items, outputs_).ok());
  EXPECT_THAT(outputs_[0].shape, ElementsAre(3, 1));
  EXPECT_EQ(outputs_[0].type, DataType::kFp32);
  const std::vector<float> together = Values(outputs_[0]);
  EXPECT_FLOAT_EQ(together[0], alone);
  EXPECT_FLOAT_EQ(together[1], pair[0]);
  EXPECT_FLOAT_EQ(together[2], pair[1]);
}

TEST_F(TorchScriptLoaderTest, LargeAndUnalignedInputsGiveTheSameAnswer) {
  const auto graph = Mlp();
  const int64_t rows = 1024;  // 32 KiB, used where it lies when aligned
  std::vector<float> values(rows * 8);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
  std::string room(values.size() * 4 + 64, '\0');
  std::vector<float> answers[2];
  for (size_t shift : {0, 1}) {
    char* at = room.data() + (64 - reinterpret_cast<uintptr_t>(room.data()) % 64) % 64 + shift;
    if (shift == 1) at = room.data() + 1 + (63 - reinterpret_cast<uintptr_t>(room.data()) % 64);
    std::memcpy(at, values.data(), values.size() * 4);
    TensorList inputs = {{DataType::kFp32, {rows, 8}, at, values.size() * 4}};
    const BatchItem item{&inputs, rows};
    ASSERT_TRUE(graph->Run({&item, 1}, outputs_).ok());
    answers[shift] = Values(outputs_[0]);
  }
  EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(TorchScriptLoaderTest, TheModelsOwnMessageComesBackWithoutATrace) {
  const auto graph = NewGraph(fakes::MakeRaising(), {Spec("x", {1})}, {Spec("y", {1})});
  const absl::Status status = Run(*graph, Floats({1, 1}, {-1}), 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(std::string(status.message()), "model `fake`: AssertionError: negative input");
  EXPECT_TRUE(Run(*graph, Floats({1, 1}, {1}), 1).ok()) << "the next request is right";
}

TEST_F(TorchScriptLoaderTest, AFailingOperationIsNamedWithoutATrace) {
  const auto graph = NewGraph(fakes::MakeTwoOutputs(), {Spec("a", {-1}), Spec("b", {-1})}, {Spec("s", {-1})});
  Request request;
  request.Add<float>(DataType::kFp32, {1, 3}, {1, 2, 3}).Add<float>(DataType::kFp32, {1, 2}, {1, 2});
  const absl::Status status = Run(*graph, std::move(request), 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("The size of tensor a (3) must match the size of tensor b (2)"));
  EXPECT_THAT(status.message(), Not(HasSubstr("Traceback")));
  EXPECT_THAT(status.message(), Not(HasSubstr("Exception raised from")));
}

TEST_F(TorchScriptLoaderTest, TextsGoInAndOut) {
  const auto graph = NewGraph(fakes::MakeStrings(), {Spec("text", {1}, DataType::kBytes)},
                              {Spec("OUTPUT__0", {1}, DataType::kInt64), Spec("OUTPUT__1", {1}, DataType::kBytes)});
  Request a, b;
  a.AddTexts({2, 1}, {"jfk", ""});
  b.AddTexts({1, 1}, {"newark"});
  const BatchItem items[] = {a.Item(2), b.Item(1)};
  ASSERT_TRUE(graph->Run(items, outputs_).ok());
  EXPECT_THAT(Values<int64_t>(outputs_[0]), ElementsAre(3, 0, 6));
  EXPECT_THAT(outputs_[1].shape, ElementsAre(3, 1));
  EXPECT_EQ(std::string(outputs_[1].bytes, outputs_[1].byte_size),
            std::string("\3\0\0\0JFK\0\0\0\0\6\0\0\0NEWARK", 21));
}

TEST_F(TorchScriptLoaderTest, TextsThatLieAboutTheirLengthAreRefused) {
  const auto graph =
      NewGraph(fakes::MakeStrings(), {Spec("text", {1}, DataType::kBytes)}, {Spec("n", {1}, DataType::kInt64)});
  Request request;
  request.AddTexts({1, 1}, {"abc"});
  request.bytes[0][0] = 100;
  EXPECT_EQ(Run(*graph, std::move(request), 1).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TorchScriptLoaderTest, OutputsAreFoundByNameNumberAndOrder) {
  const std::vector<TensorSpec> inputs = {Spec("a", {1}), Spec("b", {1})};
  const auto request = [] {
    Request r;
    r.Add<float>(DataType::kFp32, {1, 1}, {5}).Add<float>(DataType::kFp32, {1, 1}, {3});
    return r;
  };
  const auto by_number = NewGraph(fakes::MakeTwoOutputs(), inputs, {Spec("OUTPUT__1", {1}), Spec("OUTPUT__0", {1})});
  ASSERT_TRUE(Run(*by_number, request(), 1).ok());
  EXPECT_EQ(Values(outputs_[0])[0], 2);
  EXPECT_EQ(Values(outputs_[1])[0], 8);
  const auto by_name = NewGraph(fakes::MakeDictionary(), inputs, {Spec("difference", {1}), Spec("sum", {1})});
  ASSERT_TRUE(Run(*by_name, request(), 1).ok());
  EXPECT_EQ(Values(outputs_[0])[0], 2);
  EXPECT_EQ(Values(outputs_[1])[0], 8);
  const auto of_list = NewGraph(fakes::MakeList(), {Spec("x", {1})}, {Spec("OUTPUT__2", {1})});
  ASSERT_TRUE(Run(*of_list, Floats({1, 1}, {5}), 1).ok());
  EXPECT_EQ(Values(outputs_[0])[0], 15);
}

TEST_F(TorchScriptLoaderTest, AResultThatIsNotThereIsNamed) {
  const auto dictionary = NewGraph(fakes::MakeDictionary(), {Spec("a", {1}), Spec("b", {1})}, {Spec("product", {1})});
  Request request;
  request.Add<float>(DataType::kFp32, {1, 1}, {5}).Add<float>(DataType::kFp32, {1, 1}, {3});
  EXPECT_THAT(Run(*dictionary, std::move(request), 1).message(), HasSubstr("output `product`"));
  const auto list = NewGraph(fakes::MakeList(), {Spec("x", {1})}, {Spec("OUTPUT__3", {1})});
  EXPECT_THAT(Run(*list, Floats({1, 1}, {5}), 1).message(), HasSubstr("output `OUTPUT__3`"));
}

TEST_F(TorchScriptLoaderTest, OutputsAreCheckedAgainstTheConfiguration) {
  const auto wrong_type = NewGraph(fakes::MakeDouble(), {Spec("x", {1})}, {Spec("y", {1})});
  EXPECT_EQ(Run(*wrong_type, Floats({1, 1}, {1}), 1).message(),
            "model `fake`, output `y`: config.pbtxt says FP32, the model returned Double");
  const auto wrong_shape = NewGraph(fakes::MakeIdentity(), {Spec("input", {2})}, {Spec("y", {3})});
  EXPECT_EQ(Run(*wrong_shape, Floats({1, 2}, {1, 2}), 1).message(),
            "model `fake`, output `y`: config.pbtxt says [1,3], the model returned [1,2]");
}

TEST_F(TorchScriptLoaderTest, AScorePerRowMayComeWithoutItsColumn) {
  const auto graph = NewGraph(fakes::MakeIdentity(), {Spec("input", {})}, {Spec("y", {1})});
  ASSERT_TRUE(Run(*graph, Floats({3}, {1, 2, 3}), 3).ok());
  EXPECT_THAT(outputs_[0].shape, ElementsAre(3, 1));
}

TEST_F(TorchScriptLoaderTest, EveryElementTypePassesThroughUnchanged) {
  for (DataType type : {DataType::kBool, DataType::kUint8, DataType::kInt8, DataType::kInt16, DataType::kInt32,
                        DataType::kInt64, DataType::kFp16, DataType::kBf16, DataType::kFp32, DataType::kFp64}) {
    const auto graph = NewGraph(fakes::MakeIdentity(), {Spec("input", {3}, type)}, {Spec("y", {3}, type)}, false);
    Request request;
    request.Add<uint8_t>(type, {3}, std::vector<uint8_t>(3 * ElementSize(type), 1));
    ASSERT_TRUE(Run(*graph, request, 1).ok()) << Name(type);
    EXPECT_EQ(std::string(outputs_[0].bytes, outputs_[0].byte_size), request.bytes[0]) << Name(type);
  }
}

TEST_F(TorchScriptLoaderTest, AnAbsentOptionalInputIsNoneAndNoneIsAnAbsentOutput) {
  const auto graph =
      NewGraph(fakes::MakeOptional(), {Spec("x", {1}), Spec("scale", {1}, DataType::kFp32, true)},
               {Spec("y", {1}), Spec("half", {1})});
  Request request;
  request.Add<float>(DataType::kFp32, {1, 1}, {5}).Add<float>(DataType::kInvalid, {}, {});
  ASSERT_TRUE(Run(*graph, request, 1).ok());
  EXPECT_EQ(Values(outputs_[0])[0], 5);
  EXPECT_TRUE(outputs_[1].absent());
  Request both;
  both.Add<float>(DataType::kFp32, {1, 1}, {5}).Add<float>(DataType::kFp32, {1, 1}, {2});
  ASSERT_TRUE(Run(*graph, both, 1).ok());
  EXPECT_EQ(Values(outputs_[0])[0], 10);
  EXPECT_EQ(Values(outputs_[1])[0], 5);
  ASSERT_TRUE(Run(*graph, request, 1).ok());
  EXPECT_TRUE(outputs_[1].absent()) << "nothing is left of the run before";
}

TEST_F(TorchScriptLoaderTest, AModuleThatWritesToItsStateIsKnownAndEachGraphHasItsOwn) {
  const auto executable = Load(fakes::MakeStateful(), {Spec("x", {1})}, {Spec("y", {1})});
  ASSERT_TRUE(executable.ok()) << executable.status();
  EXPECT_TRUE((*executable)->writes_own_state());
  const auto first = *(*executable)->NewGraph();
  const auto second = *(*executable)->NewGraph();
  for (float expected : {1, 2, 3}) {
    ASSERT_TRUE(Run(*first, Floats({1, 1}, {0}), 1).ok());
    EXPECT_EQ(Values(outputs_[0])[0], expected);
  }
  ASSERT_TRUE(Run(*second, Floats({1, 1}, {0}), 1).ok());
  EXPECT_EQ(Values(outputs_[0])[0], 1);
}

TEST_F(TorchScriptLoaderTest, StateThatOnlyTrainingWritesDoesNotCount) {
  EXPECT_FALSE((*Load(fakes::MakeTrainingOnlyState(), {Spec("x", {1})}, {Spec("y", {1})}))->writes_own_state());
  EXPECT_FALSE((*Load(fakes::MakeMlp(), {Spec("features", {8})}, {Spec("y", {1})}))->writes_own_state());
  EXPECT_FALSE((*Load(fakes::MakeInPlace(), {Spec("x", {1})}, {Spec("y", {1})}))->writes_own_state());
}

TEST_F(TorchScriptLoaderTest, AModelThatWritesToItsInputLeavesTheRequestAlone) {
  const auto graph = NewGraph(fakes::MakeInPlace(), {Spec("x", {8})}, {Spec("y", {8})});
  const int64_t rows = 1024;
  Request request = Floats({rows, 8}, std::vector<float>(rows * 8, 1.0f));
  const BatchItem item = request.Item(rows);
  ASSERT_TRUE(graph->Run({&item, 1}, outputs_).ok());
  EXPECT_EQ(Values(outputs_[0])[0], 2);
  EXPECT_EQ(Values(request.inputs[0])[0], 1);
}

TEST_F(TorchScriptLoaderTest, WhatIsNotAModelIsRefused) {
  const std::vector<TensorSpec> inputs = {Spec("features", {8})}, outputs = {Spec("score", {1})};
  const std::string whole = fakes::MakeMlp();
  for (const std::string& bytes :
       {std::string(), std::string("hello"), std::string(100'000, '\0'), whole.substr(0, whole.size() / 2),
        whole.substr(0, whole.size() - 1), whole.substr(0, 20)}) {
    const auto executable = Load(bytes, inputs, outputs);
    EXPECT_EQ(executable.status().code(), absl::StatusCode::kInvalidArgument) << bytes.size();
    EXPECT_THAT(executable.status().message(), HasSubstr("fake/1/model.pt: expected a TorchScript archive"));
  }
  EXPECT_THAT(Load(fakes::MakeWithoutForward(), inputs, outputs).status().message(), HasSubstr("no method forward()"));
}

TEST_F(TorchScriptLoaderTest, AModuleThatDoesNotFitTheConfigurationIsRefused) {
  EXPECT_THAT(Load(fakes::MakeIntArgument(), {Spec("x", {1})}, {Spec("y", {1})}).status().message(),
              HasSubstr("fake/1/model.pt: argument `k` (int) of forward(): no input feeds it"));
  EXPECT_THAT(
      Load(fakes::MakeTwoOutputs(), {Spec("a", {1}), Spec("c", {1})}, {Spec("p", {1}), Spec("q", {1}), Spec("r", {1})})
          .status()
          .message(),
      testing::AllOf(HasSubstr("input `c`"), HasSubstr("output `r`: expected at most 2")));
}

TEST_F(TorchScriptLoaderTest, TheSignatureIsReadFromTheModule) {
  const auto signature = loader_->Signature("m.pt", fakes::MakeStrings());
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_THAT(signature->argument_names, ElementsAre("text"));
  EXPECT_THAT(signature->argument_types, ElementsAre("List[str]"));
  EXPECT_THAT(signature->result_types, ElementsAre("Tensor", "List[str]"));
}

TEST_F(TorchScriptLoaderTest, AGpuThatIsNotThereIsRefused) {
  LoadRequest request;
  request.file = "m.pt";
  request.bytes = std::make_shared<const std::string>(fakes::MakeMlp());
  request.device = DeviceKind::kGpu;
  request.device_index = 1000;
  EXPECT_THAT(loader_->Load(request).status().message(), HasSubstr("instance_group asks for GPU 1000"));
}

TEST_F(TorchScriptLoaderTest, GraphsOfOneModelRunInSeveralThreads) {
  const auto executable = Load(fakes::MakeMlp(), {Spec("features", {8})}, {Spec("score", {1})});
  ASSERT_TRUE(executable.ok());
  float answers[2] = {-1, -2};
  std::vector<std::thread> threads;
  for (float& answer : answers) {
    threads.emplace_back([&] {
      const auto graph = *(*executable)->NewGraph();
      Request request = Floats({1, 8}, std::vector<float>(8, 0.5f));
      const BatchItem item = request.Item(1);
      TensorList outputs;
      for (int i = 0; i < 100; ++i) ASSERT_TRUE(graph->Run({&item, 1}, outputs).ok());
      answer = Values(outputs[0])[0];
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(TorchScriptLoaderTest, MemoryThatRanOutIsSaidSo) {
  const auto graph = NewGraph(fakes::MakeHuge(), {Spec("x", {1})}, {Spec("y", {1})});
  EXPECT_EQ(Run(*graph, Floats({1, 1}, {1}), 1).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace driftserve
