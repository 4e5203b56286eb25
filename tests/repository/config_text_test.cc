#include "server/repository/config_text.h"

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "server/repository/config_fields.h"

namespace driftserve {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::string SyntaxFault(const std::string& text) {
  const auto parsed = ParseConfigText("m/config.pbtxt", text);
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

std::vector<std::string> Refused(const std::string& text) {
  const auto parsed = ParseConfigText("m/config.pbtxt", text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return RefusedFields(*parsed);
}

TEST(ConfigText, ASyntaxFaultIsNamedWithLineAndColumn) {
  EXPECT_THAT(SyntaxFault("name: \"m\"\nmax_batch_size = 4\n"), HasSubstr("m/config.pbtxt:2:16: "));
  EXPECT_THAT(SyntaxFault("input {\n  name: \"x\"\n"), HasSubstr("m/config.pbtxt:"));
}

TEST(ConfigText, AnUnknownFieldIsAnsweredWithThoseThereAre) {
  EXPECT_THAT(
      SyntaxFault("name: \"m\"\nmax_batch: 4\n"),
      AllOf(HasSubstr("m/config.pbtxt:2:"), HasSubstr("no field named \"max_batch\""), HasSubstr("max_batch_size")));
}

TEST(ConfigText, AnUnknownTypeIsAnsweredWithThoseThereAre) {
  EXPECT_THAT(
      SyntaxFault("input { name: \"x\"\n data_type: FP32 }\n"),
      AllOf(HasSubstr("m/config.pbtxt:2:"), HasSubstr("FP32"), HasSubstr("TYPE_FP32"), HasSubstr("TYPE_STRING")));
}

TEST(ConfigText, ARefusedFieldIsNamedWithItsPlaceAndReason) {
  EXPECT_THAT(Refused("name: \"m\"\n"
                      "input { name: \"x\" data_type: TYPE_FP32 dims: [1]\n"
                      "  reshape { shape: [ ] } }\n"
                      "optimization {\n"
                      "  priority: PRIORITY_MAX }\n"
                      "model_operations { }\n"
                      "instance_group { count: 1 }\n"
                      "instance_group { count: 1\n passive: true }\n"),
              UnorderedElementsAre(
                  HasSubstr("m/config.pbtxt:3:3: input.reshape: shapes are not changed"),
                  HasSubstr("m/config.pbtxt:5:3: optimization.priority: instances have no priorities"),
                  HasSubstr("m/config.pbtxt:6:1: model_operations: no libraries are loaded"),
                  HasSubstr("m/config.pbtxt:9:2: instance_group.passive: every instance serves")));
  EXPECT_THAT(Refused("input { name: \"x\" allow_ragged_batch: true }"),
              ElementsAre(HasSubstr(":1:19: input.allow_ragged_batch: batches of unequal shapes are not made")));
  EXPECT_THAT(Refused("batch_input { }"), ElementsAre(HasSubstr("batch_input: batches of unequal shapes")));
  EXPECT_THAT(Refused("ensemble_scheduling { }"),
              ElementsAre(HasSubstr(":1:1: ensemble_scheduling: ensembles are not served")));
}

TEST(ConfigText, AConfigurationOfARequestIsJsonOrText) {
  const auto json = ParseConfigOverride("parameters.config",
                                        R"( {"max_batch_size": 8, "input": [{"name": "x", "dataType": "TYPE_FP32"}]})");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->config.max_batch_size(), 8);
  EXPECT_EQ(json->config.input(0).data_type(), inference::TYPE_FP32);
  EXPECT_EQ(ParseConfigOverride("parameters.config", "max_batch_size: 4")->config.max_batch_size(), 4);
  for (const char* bad : {"{\"max_batch\": 8}", "{", "{\"input\": 3}"}) {
    const auto parsed = ParseConfigOverride("parameters.config", bad);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(parsed.status().message(), HasSubstr("parameters.config: expected a ModelConfig as JSON"));
  }
  std::string deep = "{\"input\": ";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_FALSE(ParseConfigOverride("parameters.config", deep).ok());
}

TEST(ConfigText, AFieldWithinAMapIsRefusedWithItsPlace) {
  EXPECT_THAT(Refused("model_warmup { inputs { key: \"x\"\n value { input_data_file: \"raw\" } } }"),
              ElementsAre(HasSubstr(":2:10: model_warmup.inputs.value.input_data_file: warming reads no files")));
}

TEST(ConfigText, WhatIsHonouredPasses) {
  EXPECT_THAT(Refused("name: \"m\" platform: \"pytorch_libtorch\" max_batch_size: 8\n"
                      "input { name: \"x\" data_type: TYPE_FP32 dims: [ -1 ] optional: true }\n"
                      "output { name: \"y\" data_type: TYPE_FP32 dims: [ 1 ] }\n"
                      "dynamic_batching { preferred_batch_size: [ 4 ] max_queue_delay_microseconds: 100\n"
                      "  default_queue_policy { max_queue_size: 10 default_timeout_microseconds: 5 } }\n"
                      "instance_group { kind: KIND_CPU count: 2 }\n"
                      "version_policy { latest { num_versions: 2 } }\n"
                      "optimization { input_pinned_memory { enable: true } }\n"
                      "parameters { key: \"INTRA_OP_THREAD_COUNT\" value { string_value: \"2\" } }\n"
                      "model_warmup { name: \"w\" batch_size: 1 inputs { key: \"x\" value { data_type: TYPE_FP32 dims: "
                      "[ 4 ] zero_data: true } } }\n"),
              ElementsAre());
}

// Every field below an honoured message has a rule; a refused message needs none for its own. Returns their number.
int ExpectRules(const google::protobuf::Descriptor* message, const std::string& prefix) {
  int fields = 0;
  for (int i = 0; i < message->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = message->field(i);
    if (message->options().map_entry() && field->number() == 1) continue;  // a key
    if (message->options().map_entry() && field->message_type() == nullptr) continue;
    const std::string path = prefix + field->name();
    const FieldRule* rule = FindFieldRule(path);
    ++fields;
    EXPECT_NE(rule, nullptr) << path << " is neither honoured nor refused";
    if (rule == nullptr || !rule->refusal.empty() || field->message_type() == nullptr) continue;
    fields += ExpectRules(field->message_type(), path + ".");
  }
  return fields;
}

TEST(ConfigFields, EveryFieldOfTheMessageIsHonouredOrRefused) {
  EXPECT_GT(ExpectRules(inference::ModelConfig::descriptor(), ""), 70);
  EXPECT_EQ(FindFieldRule("no_such_field"), nullptr);
}

}  // namespace
}  // namespace driftserve
