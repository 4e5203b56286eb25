#include "server/repository/model_settings.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace driftserve {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kTensors[] =
    "input { name: \"x\" data_type: TYPE_FP32 dims: [ 8 ] }\n"
    "output { name: \"y\" data_type: TYPE_FP32 dims: [ 1 ] }\n";

absl::StatusOr<ModelSettings> Make(const std::string& text, const ModuleSignature* signature = nullptr, int gpus = 0) {
  const auto parsed = ParseConfigText("m/config.pbtxt", text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return MakeSettings(*parsed, "m", signature, gpus);
}

std::string Faults(const std::string& text) {
  const auto settings = Make(text);
  EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(settings.status().message());
}

TEST(MakeSettings, AWholeConfiguration) {
  const auto settings = Make(std::string("name: \"m\" platform: \"pytorch_libtorch\" max_batch_size: 24\n") + kTensors +
                             "input { name: \"t\" data_type: TYPE_STRING dims: [ -1, 2 ] }\n"
                             "dynamic_batching { preferred_batch_size: [ 6, 8 ] max_queue_delay_microseconds: 100\n"
                             "  default_queue_policy { max_queue_size: 10 default_timeout_microseconds: 5 } }\n"
                             "instance_group { count: 2 } instance_group { count: 1 kind: KIND_CPU }\n"
                             "parameters { key: \"INTRA_OP_THREAD_COUNT\" value { string_value: \"2\" } }\n"
                             "model_warmup { name: \"w\" inputs { key: \"t\" value { data_type: TYPE_STRING dims: [ 5, "
                             "2 ] zero_data: true } } }\n");
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->buckets, ElementsAre(1, 2, 4, 6, 8, 16, 24));
  EXPECT_EQ(settings->inputs[1].type, DataType::kBytes);
  EXPECT_THAT(settings->warm_dims, ElementsAre(ElementsAre(8), ElementsAre(5, 2)));
  EXPECT_EQ(settings->instance_count, 3);
  EXPECT_EQ(settings->max_queue_delay_us, 100);
  EXPECT_THAT(settings->preferred_sizes, ElementsAre(6, 8));
  ASSERT_EQ(settings->levels.size(), 1u);
  EXPECT_EQ(settings->levels[0].max_queue_size, 10);
  EXPECT_EQ(settings->levels[0].default_timeout_us, 5);
  EXPECT_EQ(settings->intra_op_threads, 2);
}

TEST(MakeSettings, WhatIsLeftOutIsFilledInForModelConfig) {
  const auto settings = Make(kTensors);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->config.name(), "m");
  EXPECT_EQ(settings->config.platform(), "pytorch_libtorch");
  EXPECT_EQ(settings->config.version_policy().latest().num_versions(), 1u);
  EXPECT_EQ(settings->config.instance_group(0).count(), 1);
  EXPECT_EQ(settings->max_batch_size, 0);
  EXPECT_THAT(settings->buckets, ElementsAre(1));
  EXPECT_EQ(ModelFileName(settings->config), "model.pt");
}

TEST(MakeSettings, EveryFaultIsListed) {
  EXPECT_THAT(
      Faults("name: \"other\" platform: \"onnxruntime_onnx\" backend: \"python\" max_batch_size: -1\n"
             "default_model_filename: \"../secret\"\n"
             "input { name: \"x\" data_type: TYPE_UINT32 dims: [ 0 ] }\n"
             "input { name: \"x\" data_type: TYPE_FP32 }\n"
             "output { data_type: TYPE_FP32 dims: [ 1 ] }\n"
             "instance_group { kind: KIND_MODEL }\n"
             "response_cache { enable: true }\n"),
      AllOf(HasSubstr("m/config.pbtxt:7:1: response_cache: answers are not cached"),
            HasSubstr("name: expected `m`, the folder's name, or nothing, got `other`"),
            HasSubstr("platform: expected pytorch_libtorch, got `onnxruntime_onnx`"),
            HasSubstr("backend: expected pytorch, got `python`"),
            HasSubstr("max_batch_size: expected 0 (no batches) to 65536, got -1"),
            HasSubstr("default_model_filename: expected the name of a file"),
            HasSubstr("input `x`: data_type: expected one of TYPE_BOOL"), HasSubstr("got TYPE_UINT32"),
            HasSubstr("input `x`: dims: expected sizes from 1, or -1 for any, got 0"),
            HasSubstr("input `x`: expected each name once"), HasSubstr("output: name: expected a name, got nothing"),
            HasSubstr("instance_group.kind: expected KIND_CPU, KIND_GPU or KIND_AUTO, got KIND_MODEL")));
}

TEST(MakeSettings, BatchingMustFitTheBatchSize) {
  EXPECT_THAT(Faults(std::string(kTensors) + "max_batch_size: 4 dynamic_batching { preferred_batch_size: [ 8 ] }"),
              HasSubstr("preferred_batch_size: expected 1 to max_batch_size (4), got 8"));
  EXPECT_THAT(Faults(std::string(kTensors) + "dynamic_batching { }"),
              HasSubstr("dynamic_batching: expected max_batch_size above 0"));
  EXPECT_THAT(Faults(std::string(kTensors) +
                     "max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 99999999999 }"),
              HasSubstr("max_queue_delay_microseconds: expected at most"));
}

std::string Batching(const std::string& fields) {
  return std::string(kTensors) + "max_batch_size: 4 dynamic_batching { " + fields + " }";
}

TEST(MakeSettings, PrioritiesHavePoliciesOfTheirOwn) {
  const auto settings = Make(
      Batching("priority_levels: 3 default_priority_level: 2 default_queue_policy { max_queue_size: 9 }\n"
               "priority_queue_policy { key: 3 value { timeout_action: DELAY default_timeout_microseconds: 7 } }"));
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_EQ(settings->levels.size(), 3u);
  EXPECT_EQ(settings->levels[0].max_queue_size, 9);
  EXPECT_EQ(settings->levels[2].max_queue_size, 0);
  EXPECT_TRUE(settings->levels[2].delays);
  EXPECT_EQ(settings->levels[2].default_timeout_us, 7);
  EXPECT_EQ(settings->LevelOf(1), 0u);
  EXPECT_EQ(settings->LevelOf(3), 2u);
  EXPECT_EQ(settings->LevelOf(0), 1u) << "none given";
  EXPECT_EQ(settings->LevelOf(4), 1u) << "as with Triton, one that the model does not have";
  EXPECT_TRUE(settings->needs_queue());
}

TEST(MakeSettings, WhatIsOrderedOrDelayedNeedsAQueue) {
  EXPECT_FALSE(Make(Batching("preferred_batch_size: [ 2 ] default_queue_policy { max_queue_size: 9 }"))->needs_queue());
  EXPECT_TRUE(Make(Batching("preserve_ordering: true"))->needs_queue());
  EXPECT_TRUE(Make(Batching("max_queue_delay_microseconds: 1"))->needs_queue());
  EXPECT_TRUE(Make(Batching("default_queue_policy { timeout_action: DELAY }"))->needs_queue());
}

TEST(MakeSettings, PrioritiesMustFitTheirNumber) {
  EXPECT_THAT(Faults(Batching("priority_levels: 65 default_priority_level: 1")),
              HasSubstr("dynamic_batching.priority_levels: expected at most 64, got 65"));
  EXPECT_THAT(Faults(Batching("priority_levels: 2")),
              HasSubstr("default_priority_level: expected 1 to priority_levels (2), got 0"));
  EXPECT_THAT(Faults(Batching("default_priority_level: 1")), HasSubstr("(0), got 1"));
  EXPECT_THAT(Faults(Batching("priority_queue_policy { key: 1 value { max_queue_size: 1 } }")),
              HasSubstr("priority_queue_policy: expected levels from 1 to priority_levels (0), got 1"));
}

TEST(MakeSettings, WhoOvertakesCannotKeepTheOrder) {
  EXPECT_THAT(Faults(Batching("preserve_ordering: true priority_levels: 2 default_priority_level: 1")),
              HasSubstr("preserve_ordering: expected at most one of priority_levels with it, got 2"));
  EXPECT_THAT(Faults(Batching("preserve_ordering: true default_queue_policy { timeout_action: DELAY }")),
              HasSubstr("preserve_ordering: expected timeout_action REJECT with it, got DELAY"));
}

TEST(MakeSettings, SizesThatCannotBeAreRefused) {
  EXPECT_THAT(Faults("max_batch_size: 64 input { name: \"x\" data_type: TYPE_FP32 dims: [ 4611686018427387904, 4 ] }\n"
                     "output { name: \"y\" data_type: TYPE_FP32 dims: [ 1 ] }"),
              HasSubstr("input `x`: dims: expected at most 1073741824 elements in a row"));
  EXPECT_THAT(
      Faults("max_batch_size: 64 input { name: \"x\" data_type: TYPE_FP32 dims: [ 1000000000 ] }\n"
             "output { name: \"y\" data_type: TYPE_FP32 dims: [ 1 ] }"),
      HasSubstr("max_batch_size: expected at most 4294967296 elements of input `x` in a batch, got 64000000000"));
  std::string many;
  for (int i = 0; i < 65; ++i)
    many += "input { name: \"x" + std::to_string(i) + "\" data_type: TYPE_FP32 dims: [ 1 ] }\n";
  EXPECT_THAT(Faults(many + "output { name: \"y\" data_type: TYPE_FP32 dims: [ 1 ] }"),
              HasSubstr("input: expected at most 64, got 65"));
}

absl::StatusOr<ModelSettings> MakeWithGpus(const std::string& more, int gpus) {
  return Make(std::string(kTensors) + more, nullptr, gpus);
}

TEST(MakeSettings, AGpuMustBeThere) {
  const std::string one = "instance_group { kind: KIND_GPU gpus: [ 1 ] }";
  EXPECT_THAT(Faults(std::string(kTensors) + one), HasSubstr("instance_group: expected a GPU below 0"));
  EXPECT_THAT(Faults(std::string(kTensors) + "instance_group { kind: KIND_GPU }"),
              HasSubstr("instance_group: expected a GPU below 0"));
  const auto settings = MakeWithGpus(one, 2);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->device, DeviceKind::kGpu);
  EXPECT_THAT(settings->gpus, ElementsAre(1));
  EXPECT_FALSE(settings->cuda_graphs);
}

TEST(MakeSettings, InstancesAreSpreadOverTheGpusOfTheirGroup) {
  const auto named = MakeWithGpus("instance_group { kind: KIND_GPU count: 2 gpus: [ 3, 0 ] }", 4);
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_THAT(named->gpus, ElementsAre(3, 3, 0, 0));
  EXPECT_EQ(named->instance_count, 4);

  const auto all = MakeWithGpus("instance_group { kind: KIND_GPU }", 3);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(all->gpus, ElementsAre(0, 1, 2)) << "no GPU named: every one";

  const auto groups = MakeWithGpus(
      "instance_group { kind: KIND_GPU count: 2 gpus: [ 0 ] } instance_group { kind: KIND_AUTO gpus: [ 0, 1 ] }", 2);
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_THAT(groups->gpus, ElementsAre(0, 0, 0, 1));
}

TEST(MakeSettings, GpusThatAreNotThereNamedTwiceOrOnCpuAreFaults) {
  const auto faults = [](const std::string& group) {
    return std::string(MakeWithGpus(group, 2).status().message());
  };
  EXPECT_THAT(faults("instance_group { kind: KIND_GPU gpus: [ 0, 2, -1 ] }"),
              AllOf(HasSubstr("expected a GPU below 2, as many as this machine and build have, got 2"),
                    HasSubstr("got -1")));
  EXPECT_THAT(faults("instance_group { kind: KIND_GPU gpus: [ 1, 1 ] }"),
              HasSubstr("instance_group.gpus: expected each GPU once in a group, got 1 twice"));
  EXPECT_THAT(faults("instance_group { kind: KIND_CPU gpus: [ 1 ] }"),
              HasSubstr("instance_group.gpus: expected none with KIND_CPU, got [1]"));
  EXPECT_THAT(faults("instance_group { kind: KIND_GPU } instance_group { kind: KIND_CPU }"),
              HasSubstr("expected one kind of device per model, got CPU and GPU"));
  EXPECT_THAT(faults("instance_group { kind: KIND_GPU count: 200 }"), HasSubstr("expected at most 256, got 400"));
}

TEST(MakeSettings, CudaGraphsAreForGpus) {
  const std::string graphs = "optimization { cuda { graphs: true busy_wait_events: true output_copy_stream: true } }";
  const auto settings = MakeWithGpus("instance_group { kind: KIND_GPU } " + graphs, 1);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_TRUE(settings->cuda_graphs);
  EXPECT_TRUE(MakeLoadRequest(*settings, "m/1/model.pt", nullptr).cuda_graphs);
  EXPECT_THAT(Faults(kTensors + graphs), HasSubstr("optimization.cuda.graphs: expected it with KIND_GPU only"));
  EXPECT_THAT(MakeWithGpus("optimization { cuda { graph_spec { batch_size: 1 } } }", 1).status().message(),
              HasSubstr("optimization.cuda.graph_spec: a run of every bucket is recorded"));
}

TEST(MakeSettings, ParametersAreKnownOnes) {
  EXPECT_THAT(Faults(std::string(kTensors) + "parameters { key: \"FASTER\" value { string_value: \"yes\" } }"),
              HasSubstr("parameters: expected one of CANARY_SHARE, INTRA_OP_THREAD_COUNT"));
  EXPECT_THAT(
      Faults(std::string(kTensors) + "parameters { key: \"INTRA_OP_THREAD_COUNT\" value { string_value: \"all\" } }"),
      HasSubstr("parameters.INTRA_OP_THREAD_COUNT: expected a whole number from 1 to 256, got `all`"));
}

TEST(MakeSettings, ACanarysShareIsANumberFromZeroToOne) {
  const auto with_share = [](const char* share) {
    return std::string(kTensors) + "parameters { key: \"CANARY_SHARE\" value { string_value: \"" + share + "\" } }";
  };
  EXPECT_EQ(Make(std::string(kTensors))->canary_share, 1);
  EXPECT_EQ(Make(with_share("0.05"))->canary_share, 0.05);
  for (const char* share : {"5%", "", "-0.1", "1.5", "nan"}) {
    EXPECT_THAT(Faults(with_share(share)), HasSubstr("parameters.CANARY_SHARE: expected a number from 0 to 1, got `"));
  }
}

TEST(MakeSettings, WarmupMustFitTheInputs) {
  EXPECT_THAT(
      Faults(std::string(kTensors) + "model_warmup { inputs { key: \"z\" value { dims: [ 8 ] zero_data: true } }\n"
                                     " inputs { key: \"x\" value { dims: [ 9 ] input_data_file: \"f\" } } }"),
      AllOf(HasSubstr("model_warmup: no input is called `z`"), HasSubstr("warming reads no files"),
            HasSubstr("input `x`: expected dims that fit [8], got [9]")));
}

TEST(MakeSettings, TextsAreReadFromTheSignatureAndTheRestIsAskedFor) {
  const ModuleSignature texts{{"words"}, {"List[str]"}, {"List[str]"}};
  const auto settings = Make("", &texts);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->inputs[0].name, "words");
  EXPECT_EQ(settings->inputs[0].type, DataType::kBytes);
  EXPECT_EQ(settings->outputs[0].name, "OUTPUT__0");
  const ModuleSignature tensors{{"features"}, {"Tensor"}, {"Tensor"}};
  EXPECT_THAT(
      Make("", &tensors).status().message(),
      AllOf(HasSubstr("argument `features` (Tensor) of forward() states neither data type nor shape; write input { "
                      "name: \"features\" data_type: TYPE_FP32 dims: [ … ] }"),
            HasSubstr("output { name: \"OUTPUT__0\"")));
}

}  // namespace
}  // namespace driftserve
