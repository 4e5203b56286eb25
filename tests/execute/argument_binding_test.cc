#include "server/execute/argument_binding.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace driftserve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TensorSpec Input(std::string name, DataType type = DataType::kFp32, bool optional = false) {
  return {std::move(name), type, {4}, optional};
}

const std::vector<ForwardArgument> kTwo = {{"a", "Tensor"}, {"b", "Tensor"}};

std::string Faults(const std::vector<ForwardArgument>& arguments, const std::vector<TensorSpec>& inputs) {
  const auto bound = BindArguments(arguments, inputs);
  EXPECT_EQ(bound.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(bound.status().message());
}

TEST(BindArguments, ByName) { EXPECT_THAT(*BindArguments(kTwo, {Input("b"), Input("a")}), ElementsAre(1, 0)); }

TEST(BindArguments, ByNumber) {
  EXPECT_THAT(*BindArguments(kTwo, {Input("INPUT__1"), Input("INPUT__0")}), ElementsAre(1, 0));
}

TEST(BindArguments, ByOrderWhereNoNameSaysAnything) {
  EXPECT_THAT(*BindArguments(kTwo, {Input("left"), Input("right")}), ElementsAre(0, 1));
}

TEST(BindArguments, LeavesArgumentsWithADefaultAlone) {
  EXPECT_THAT(*BindArguments({{"x", "Tensor"}, {"k", "int", true}, {"m", "Optional[Tensor]"}}, {Input("x")}),
              ElementsAre(0, -1, -1));
}

TEST(BindArguments, AMisspeltNameIsNotBoundByOrder) {
  EXPECT_THAT(Faults(kTwo, {Input("a"), Input("bb")}),
              HasSubstr("input `bb`: expected arguments of forward() of that name, it has a, b"));
}

TEST(BindArguments, EveryFaultIsNamed) {
  EXPECT_THAT(Faults(kTwo, {Input("a")}), HasSubstr("argument `b` (Tensor) of forward(): no input feeds it"));
  EXPECT_THAT(Faults(kTwo, {Input("x"), Input("y"), Input("z")}), HasSubstr("input `z`: expected at most 2"));
  EXPECT_THAT(Faults(kTwo, {Input("INPUT__0"), Input("IN__0")}),
              HasSubstr("input `IN__0`: another one has the same place"));
  EXPECT_THAT(Faults({{"x", "int"}}, {Input("x")}),
              HasSubstr("forward() has type int there, expected Tensor or List[str]"));
  EXPECT_THAT(Faults({{"x", "Tensor"}}, {Input("x", DataType::kBytes)}),
              HasSubstr("input `x`: data_type BYTES needs List[str] in forward(), which has Tensor"));
  EXPECT_THAT(Faults({{"x", "List[str]"}}, {Input("x")}), HasSubstr("data_type FP32 needs Tensor"));
  EXPECT_THAT(Faults({{"x", "Tensor"}}, {Input("x", DataType::kFp32, true)}),
              HasSubstr("input `x`: optional, but argument"));
}

TEST(BindResults, ByNameOfANamedTupleByNumberAndByOrder) {
  const ForwardResult named{ForwardResult::Kind::kSequence, {"Tensor", "Tensor"}, {"mean", "spread"}};
  EXPECT_THAT(*BindResults(named, {Input("spread"), Input("mean")}), ElementsAre(1, 0));
  const ForwardResult tuple{ForwardResult::Kind::kSequence, {"Tensor", "List[str]"}, {}};
  EXPECT_THAT(*BindResults(tuple, {Input("OUTPUT__1", DataType::kBytes), Input("OUTPUT__0")}), ElementsAre(1, 0));
  EXPECT_THAT(*BindResults(tuple, {Input("score")}), ElementsAre(0));
}

TEST(BindResults, FaultsAreNamed) {
  const ForwardResult one{ForwardResult::Kind::kSingle, {"Tensor"}, {}};
  EXPECT_THAT(BindResults(one, {Input("a"), Input("b")}).status().message(),
              HasSubstr("output `b`: expected at most 1"));
  EXPECT_THAT(BindResults(one, {Input("a", DataType::kBytes)}).status().message(), HasSubstr("needs List[str]"));
  const ForwardResult dictionary{ForwardResult::Kind::kDictionary, {"int"}, {}};
  EXPECT_THAT(BindResults(dictionary, {Input("a")}).status().message(), HasSubstr("forward() has type int"));
}

}  // namespace
}  // namespace driftserve
