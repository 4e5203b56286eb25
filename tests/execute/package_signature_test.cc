#include "server/execute/package_signature.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kLeaf[] = R"({"type": null, "context": null, "children_spec": []})";

std::string Tuple(const std::string& children) {
  return Concat(R"({"type": "builtins.tuple", "context": "null", "children_spec": [)", children, "]}");
}

std::string Dictionary(const std::string& keys, const std::string& children) {
  return Concat(R"({"type": "builtins.dict", "context": ")", keys, R"(", "children_spec": [)", children, "]}");
}

std::string Spec(const std::string& tree) { return Concat("[1, ", tree, "]"); }

// One positional argument and one called "mask", as exports name keyword arguments.
std::string Inputs() { return Spec(Tuple(Concat(Tuple(kLeaf), ", ", Dictionary(R"([\"mask\"])", kLeaf)))); }

TEST(PackageSignatureTest, NamesKeywordArgumentsAndKeysOfADictionary) {
  const std::string two = Concat(kLeaf, ", ", kLeaf);
  const auto signature = ParseCallSpec(Inputs(), Spec(Dictionary(R"([\"score\", \"twice\"])", two)));
  ASSERT_TRUE(signature.ok()) << signature.status();
  ASSERT_EQ(signature->arguments.size(), 2u);
  EXPECT_EQ(signature->arguments[0].name, "argument 0");
  EXPECT_EQ(signature->arguments[1].name, "mask");
  EXPECT_EQ(signature->result.kind, ForwardResult::Kind::kSequence);
  EXPECT_THAT(signature->result.names, ElementsAre("score", "twice"));
  EXPECT_THAT(signature->result.types, ElementsAre("Tensor", "Tensor"));
}

TEST(PackageSignatureTest, OneTensorAndATupleHaveNoNames) {
  const auto one = ParseCallSpec(Inputs(), Spec(kLeaf));
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->result.kind, ForwardResult::Kind::kSingle);
  const auto tuple = ParseCallSpec(Inputs(), Spec(Tuple(kLeaf)));
  ASSERT_TRUE(tuple.ok()) << tuple.status();
  EXPECT_EQ(tuple->result.types.size(), 1u);
  EXPECT_THAT(tuple->result.names, IsEmpty());
}

TEST(PackageSignatureTest, ContainersWithinContainersAreRefused) {
  const auto nested = ParseCallSpec(Inputs(), Spec(Tuple(Tuple(kLeaf))));
  EXPECT_THAT(std::string(nested.status().message()),
              HasSubstr("forward()'s result: expected tensors, got a builtins.tuple within a builtins.tuple"));
}

TEST(PackageSignatureTest, OtherTextIsRefused) {
  for (const char* text : {"", "null", "[1]", "[1, {}]", "[1, 7]", R"([1, {"type": "x", "children_spec": 3}])"}) {
    EXPECT_EQ(ParseCallSpec(text, Spec(kLeaf)).status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ParseCallSpec(Inputs(), text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace driftserve
