#include "server/tap/copy_rows.h"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tap/watched.h"

namespace driftserve {
namespace {

class CopyKeptRowsTest : public ::testing::Test {
 protected:
  static constexpr int64_t kRows = 400;  // 10 kB: not small

  CopyKeptRowsTest() {
    for (int i = 0; i < kRows * 2; ++i) numbers_.push_back(static_cast<float>(i));
    std::vector<std::string> names;
    for (int i = 0; i < kRows; ++i) names.push_back(std::string(i % 5, 'x') + std::to_string(i));
    text_ = TextTensorBytes(names);
    for (int i = 0; i < kRows; ++i) scores_.push_back(i / 100.0);
    sample_.inputs = {{DataType::kFp32, {kRows, 2}, AsChars(numbers_), numbers_.size() * sizeof(float)},
                      {DataType::kBytes, {kRows, 1}, text_.data(), text_.size()}};
    sample_.outputs = {{DataType::kFp64, {kRows}, AsChars(scores_), scores_.size() * sizeof(double)}};
    sample_.byte_size = numbers_.size() * 4 + text_.size() + scores_.size() * 8;
  }

  template <typename T>
  static const char* AsChars(const std::vector<T>& values) {
    return reinterpret_cast<const char*>(values.data());
  }

  void Keep(std::vector<uint32_t> rows) {
    for (const uint32_t row : rows) sample_.rows.push_back({row, row, 0, 0.1});
  }

  Sample sample_;
  std::vector<float> numbers_;
  std::string text_;
  std::vector<double> scores_;
};

TEST_F(CopyKeptRowsTest, AFewRowsAreCopiedInTheirOrder) {
  Keep({0, 7, 399});
  ASSERT_TRUE(CopyKeptRows(kRows, sample_));

  EXPECT_EQ(sample_.inputs[0].shape, (Shape{3, 2}));
  float numbers[6];
  ASSERT_EQ(sample_.inputs[0].byte_size, sizeof(numbers));
  std::memcpy(numbers, sample_.inputs[0].bytes, sizeof(numbers));
  EXPECT_THAT(numbers, ::testing::ElementsAre(0, 1, 14, 15, 798, 799));
  EXPECT_EQ(std::string(sample_.inputs[1].bytes, sample_.inputs[1].byte_size),
            TextTensorBytes({"0", "xx7", "xxxx399"}));
  double scores[3];
  ASSERT_EQ(sample_.outputs[0].byte_size, sizeof(scores));
  std::memcpy(scores, sample_.outputs[0].bytes, sizeof(scores));
  EXPECT_THAT(scores, ::testing::ElementsAre(0.0, 0.07, 3.99));
}

TEST_F(CopyKeptRowsTest, WhatIsAbsentStaysSo) {
  sample_.inputs.insert(sample_.inputs.begin(), TensorView());
  Keep({7});
  ASSERT_TRUE(CopyKeptRows(kRows, sample_));
  EXPECT_TRUE(sample_.inputs[0].absent());
  EXPECT_EQ(sample_.inputs[1].shape, (Shape{1, 2}));
  EXPECT_EQ(std::string(sample_.inputs[2].bytes, sample_.inputs[2].byte_size), TextTensorBytes({"xx7"}));
}

TEST_F(CopyKeptRowsTest, TheSampleNoLongerNeedsTheMessages) {
  Keep({7, 399});
  ASSERT_TRUE(CopyKeptRows(kRows, sample_));
  EXPECT_EQ(sample_.rows[0].row, 7u);
  EXPECT_EQ(sample_.rows[0].position, 0u);
  EXPECT_EQ(sample_.rows[1].row, 399u);
  EXPECT_EQ(sample_.rows[1].position, 1u);
  EXPECT_EQ(sample_.byte_size, sample_.copied_rows.size());
  EXPECT_LT(sample_.byte_size, 100u);
  const char* begin = sample_.copied_rows.data();
  for (const TensorList* list : {&sample_.inputs, &sample_.outputs}) {
    for (const TensorView& tensor : *list) {
      EXPECT_GE(tensor.bytes, begin);
      EXPECT_LE(tensor.bytes + tensor.byte_size, begin + sample_.copied_rows.size());
    }
  }
}

TEST_F(CopyKeptRowsTest, AQuarterOfTheBytesOrMoreIsHandedOverWhole) {
  for (uint32_t row = 0; row < 120; ++row) Keep({row});
  const size_t bytes = sample_.byte_size;
  EXPECT_FALSE(CopyKeptRows(kRows, sample_));
  EXPECT_EQ(sample_.inputs[0].bytes, AsChars(numbers_));
  EXPECT_EQ(sample_.rows[119].position, 119u);
  EXPECT_EQ(sample_.byte_size, bytes);
}

TEST_F(CopyKeptRowsTest, ATensorWithoutARowDimensionIsHandedOverWhole) {
  Keep({0});
  sample_.outputs[0].shape = {1, kRows};
  EXPECT_FALSE(CopyKeptRows(kRows, sample_));
}

TEST_F(CopyKeptRowsTest, BytesThatDoNotHoldTheirRowsAreLeftAlone) {
  Keep({0, 399});
  sample_.inputs[1].byte_size -= 1;
  EXPECT_FALSE(CopyKeptRows(kRows, sample_));
  sample_.inputs[1].byte_size += 1;
  sample_.outputs[0].byte_size -= 1;
  EXPECT_FALSE(CopyKeptRows(kRows, sample_));
  EXPECT_TRUE(sample_.copied_rows.empty());
}

TEST_F(CopyKeptRowsTest, ASmallSampleIsCopiedWholeWhateverIsKept) {
  sample_.inputs[0] = {DataType::kFp32, {2, 2}, AsChars(numbers_), 16};
  sample_.inputs[1] = TensorView();
  sample_.outputs[0] = {DataType::kFp64, {1, 2}, AsChars(scores_), 16};  // no dimension of rows
  sample_.byte_size = 32;
  Keep({1});
  ASSERT_TRUE(CopyKeptRows(2, sample_));
  EXPECT_EQ(sample_.rows[0].position, 1u) << "all rows are there";
  EXPECT_EQ(sample_.byte_size, 32u);
  EXPECT_EQ(sample_.inputs[0].bytes, sample_.copied_rows.data());
  EXPECT_EQ(sample_.inputs[0].shape, (Shape{2, 2}));
  EXPECT_TRUE(sample_.inputs[1].absent());
  EXPECT_EQ(sample_.outputs[0].bytes, sample_.copied_rows.data() + 16);
  EXPECT_EQ(std::memcmp(sample_.inputs[0].bytes, numbers_.data(), 16), 0);
  EXPECT_EQ(std::memcmp(sample_.outputs[0].bytes, scores_.data(), 16), 0);
}

TEST_F(CopyKeptRowsTest, TheBoundOfASmallSampleIsOfItsTensorsTogether) {
  sample_.inputs = {{DataType::kUint8, {2, 1024}, AsChars(numbers_), 2048}};
  sample_.outputs = {{DataType::kUint8, {2, 1024}, AsChars(numbers_), 2048}};
  sample_.byte_size = kSmallSampleBytes;
  Keep({0, 1});
  Sample larger;
  larger.inputs = sample_.inputs;
  larger.outputs = {{DataType::kUint8, {2, 1025}, AsChars(numbers_), 2050}};
  larger.byte_size = kSmallSampleBytes + 2;
  larger.rows = sample_.rows;
  EXPECT_TRUE(CopyKeptRows(2, sample_));
  EXPECT_FALSE(CopyKeptRows(2, larger));
}

TEST_F(CopyKeptRowsTest, NoKeptRowCopiesNothing) { EXPECT_FALSE(CopyKeptRows(kRows, sample_)); }

}  // namespace
}  // namespace driftserve
