#include "server/decode/infer_response.h"

#include <gtest/gtest.h>

#include "server/decode/bytes_tensor.h"

namespace driftserve {
namespace {

class EncodeTest : public testing::Test {
 protected:
  EncodeTest() {
    model_.settings.name = "m";
    model_.settings.max_batch_size = 8;
    model_.settings.outputs = {{"score", DataType::kFp32, {2}}, {"label", DataType::kBytes, {1}}};
    model_.version_text = "3";
    for (const std::string_view label : {"a", "bb", "", "dddd"}) AppendBytesElement(label, labels_);
    outputs_.push_back({DataType::kFp32, {4, 2}, reinterpret_cast<const char*>(scores_), sizeof(scores_)});
    outputs_.push_back({DataType::kBytes, {4, 1}, labels_.data(), labels_.size()});
    decoded_.requested_outputs = {0, 1};
  }

  Model model_;
  float scores_[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  std::string labels_;
  TensorList outputs_;
  DecodedRequest decoded_;
  inference::ModelInferResponse response_;
  TensorList views_;
};

TEST_F(EncodeTest, CutsTheRequestsOwnRowsOutOfTheBatch) {
  decoded_.rows = 2;
  ASSERT_TRUE(EncodeInferResponse(model_, decoded_, outputs_, 1, "id-7", response_, views_).ok());
  EXPECT_EQ(response_.model_name(), "m");
  EXPECT_EQ(response_.model_version(), "3");
  EXPECT_EQ(response_.id(), "id-7");
  ASSERT_EQ(response_.raw_output_contents_size(), 2) << "raw contents always, one per output";
  EXPECT_EQ(response_.outputs(0).datatype(), "FP32");
  EXPECT_EQ(response_.outputs(0).shape(0), 2);
  EXPECT_EQ(response_.raw_output_contents(0), std::string(reinterpret_cast<const char*>(scores_ + 2), 16));
  std::string expected;
  AppendBytesElement("bb", expected);
  AppendBytesElement("", expected);
  EXPECT_EQ(response_.raw_output_contents(1), expected);
}

TEST_F(EncodeTest, ViewsPointIntoTheResponse) {
  decoded_.rows = 4;
  ASSERT_TRUE(EncodeInferResponse(model_, decoded_, outputs_, 0, "", response_, views_).ok());
  EXPECT_EQ(views_[0].bytes, response_.raw_output_contents(0).data());
  EXPECT_EQ(views_[1].byte_size, labels_.size());
}

TEST_F(EncodeTest, AResponseIsUsedAgainWithoutWhatWasInIt) {
  decoded_.rows = 1;
  ASSERT_TRUE(EncodeInferResponse(model_, decoded_, outputs_, 0, "first", response_, views_).ok());
  decoded_.requested_outputs = {1};
  ASSERT_TRUE(EncodeInferResponse(model_, decoded_, outputs_, 3, "second", response_, views_).ok());
  ASSERT_EQ(response_.outputs_size(), 1);
  EXPECT_EQ(response_.outputs(0).name(), "label");
  EXPECT_EQ(response_.id(), "second");
  EXPECT_EQ(views_[0].type, DataType::kInvalid) << "not asked for";
}

TEST_F(EncodeTest, AnOutputThatTheModelLeftOutIsMissingUnlessItIsAskedForByName) {
  outputs_[0].type = DataType::kInvalid;
  outputs_[0].shape.clear();
  decoded_.rows = 1;
  ASSERT_TRUE(EncodeInferResponse(model_, decoded_, outputs_, 1, "", response_, views_).ok());
  ASSERT_EQ(response_.outputs_size(), 1);
  EXPECT_EQ(response_.outputs(0).name(), "label");
  EXPECT_EQ(response_.raw_output_contents_size(), 1);
  EXPECT_TRUE(views_[0].absent());
  decoded_.names_outputs = true;
  const absl::Status status = EncodeInferResponse(model_, decoded_, outputs_, 1, "", response_, views_);
  EXPECT_EQ(status, absl::InvalidArgumentError(
                        "output 'score': asked for by name, and the model returned None for these inputs"));
}

}  // namespace
}  // namespace driftserve
