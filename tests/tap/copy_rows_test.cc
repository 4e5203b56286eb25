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
  static constexpr int64_t kRows = 40;

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
  Keep({0, 7, 39});
  ASSERT_TRUE(CopyKeptRows(kRows, sample_));

  EXPECT_EQ(sample_.inputs[0].shape, (Shape{3, 2}));
  float numbers[6];
  ASSERT_EQ(sample_.inputs[0].byte_size, sizeof(numbers));
  std::memcpy(numbers, sample_.inputs[0].bytes, sizeof(numbers));
  EXPECT_THAT(numbers, ::testing::ElementsAre(0, 1, 14, 15, 78, 79));
  EXPECT_EQ(std::string(sample_.inputs[1].bytes, sample_.inputs[1].byte_size),
            TextTensorBytes({"0", "xx7", "xxxx39"}));
  double scores[3];
  ASSERT_EQ(sample_.outputs[0].byte_size, sizeof(scores));
  std::memcpy(scores, sample_.outputs[0].bytes, sizeof(scores));
  EXPECT_THAT(scores, ::testing::ElementsAre(0.0, 0.07, 0.39));
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
  Keep({7, 39});
  ASSERT_TRUE(CopyKeptRows(kRows, sample_));
  EXPECT_EQ(sample_.rows[0].row, 7u);
  EXPECT_EQ(sample_.rows[0].position, 0u);
  EXPECT_EQ(sample_.rows[1].row, 39u);
  EXPECT_EQ(sample_.rows[1].position, 1u);
  EXPECT_EQ(sample_.byte_size, sample_.copied_rows.size());
  const char* begin = sample_.copied_rows.data();
  for (const TensorList* list : {&sample_.inputs, &sample_.outputs}) {
    for (const TensorView& tensor : *list) {
      EXPECT_GE(tensor.bytes, begin);
      EXPECT_LE(tensor.bytes + tensor.byte_size, begin + sample_.copied_rows.size());
    }
  }
}

TEST_F(CopyKeptRowsTest, AQuarterOfTheBytesOrMoreIsHandedOverWhole) {
  Keep({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  const size_t bytes = sample_.byte_size;
  EXPECT_FALSE(CopyKeptRows(kRows, sample_));
  EXPECT_EQ(sample_.inputs[0].bytes, AsChars(numbers_));
  EXPECT_EQ(sample_.rows[11].position, 11u);
  EXPECT_EQ(sample_.byte_size, bytes);
}

TEST_F(CopyKeptRowsTest, ATensorWithoutARowDimensionIsHandedOverWhole) {
  Keep({0});
  sample_.outputs[0].shape = {1, kRows};
  EXPECT_FALSE(CopyKeptRows(kRows, sample_));
}

TEST_F(CopyKeptRowsTest, BytesThatDoNotHoldTheirRowsAreLeftAlone) {
  Keep({0, 39});
  sample_.inputs[1].byte_size -= 1;
  EXPECT_FALSE(CopyKeptRows(kRows, sample_));
  sample_.inputs[1].byte_size += 1;
  sample_.outputs[0].byte_size -= 1;
  EXPECT_FALSE(CopyKeptRows(kRows, sample_));
  EXPECT_TRUE(sample_.copied_rows.empty());
}

TEST_F(CopyKeptRowsTest, NoKeptRowCopiesNothing) { EXPECT_FALSE(CopyKeptRows(kRows, sample_)); }

}  // namespace
}  // namespace driftserve
