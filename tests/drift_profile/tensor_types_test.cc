#include "drift/profile/tensor_types.h"

#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drift {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<ModelTensors> Load(const std::string& text) {
  const std::string path = ::testing::TempDir() + "/tensor_types_test.pbtxt";
  std::ofstream(path) << text;
  auto tensors = LoadModelTensors(path);
  std::remove(path.c_str());
  return tensors;
}

TEST(TensorTypes, NamesTypesAndWidths) {
  const auto tensors = Load(R"(name: "m" platform: "pytorch_libtorch" max_batch_size: 8 a_field_of_tomorrow: 1
      input { name: "x" data_type: TYPE_FP32 dims: [ 3, 2 ] }
      input { name: "carrier" data_type: TYPE_STRING dims: [ 1 ] }
      input { name: "open" data_type: TYPE_BF16 dims: [ -1, 9223372036854775807 ] }
      output [ { name: "y" data_type: TYPE_INT64 dims: [ 4611686018427387904, 4 ] } ])");
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_EQ(tensors->name, "m");
  EXPECT_EQ(tensors->inputs.at("x").dtype, Dtype::kFloat32);
  EXPECT_EQ(tensors->inputs.at("x").elements, 6);
  EXPECT_EQ(tensors->inputs.at("carrier").dtype, Dtype::kText);
  EXPECT_EQ(tensors->inputs.at("open").dtype, Dtype::kBfloat16);
  EXPECT_EQ(tensors->inputs.at("open").elements, -1);
  EXPECT_EQ(tensors->outputs.at("y").dtype, Dtype::kInt64);
  EXPECT_EQ(tensors->outputs.at("y").elements, -1) << "an overflow is not a width";
}

TEST(TensorTypes, FaultsSayWhere) {
  EXPECT_THAT(std::string(Load("name: \"m\"\ninput { nam }").status().message()),
              HasSubstr("tensor_types_test.pbtxt:2:"));
  EXPECT_THAT(std::string(Load("input { name: \"x\" data_type: TYPE_FP3 }").status().message()), HasSubstr("FP3"));
  EXPECT_THAT(std::string(Load("input { name: \"x\" }").status().message()),
              HasSubstr("tensor 'x': data_type: expected a type, got TYPE_INVALID"));
  EXPECT_TRUE(absl::IsNotFound(LoadModelTensors("/none/config.pbtxt").status()));
}

}  // namespace
}  // namespace drift
