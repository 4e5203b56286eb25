#include "server/observe/row_values.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/tap/copy_rows.h"
#include "tests/tap/watched.h"

namespace driftserve {
namespace {

using drift::Reduction;
using drift::Value;

drift::FeatureSpec Reduced(const std::string& name, drift::ReduceSpec reduce) {
  drift::FeatureSpec spec;
  spec.name = name;
  spec.reduce = reduce;
  return spec;
}

template <typename T>
std::string BytesOf(const std::vector<T>& elements) {
  return std::string(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T));
}

/// Inputs `image` (4 rows of 2 × 3), `text` (4 rows of 2) and `temp` (4 rows); output `logits` (4 rows of 3).
class RowValuesTest : public ::testing::Test {
 protected:
  RowValuesTest() {
    settings_.features = {{"mean", 0, 0}, {"temp", 2, 0}, {"spread", 0, 0}, {"words", 1, 0}, {"pattern_1", 0, 0}};
    settings_.predictions = {{"best", 0, 0}, {"first", 0, 0}};
    monitor_.features = {Reduced("mean", {Reduction::kMean}), Reduced("temp", {}),
                         Reduced("spread", {Reduction::kStd}), Reduced("words", {Reduction::kLength}),
                         Reduced("pattern_1", {Reduction::kProjections, 2, 7, 1})};
    monitor_.predictions = {Reduced("best", {Reduction::kArgmax})};
    for (int i = 0; i < 24; ++i) pixels_.push_back(static_cast<uint8_t>(i * i));
    image_ = BytesOf(pixels_);
    temp_ = BytesOf(std::vector<double>{10, 11, 12, 13});
    logits_ = BytesOf(std::vector<float>{0, 1, 0, 3, 1, 0, 0, 0, 9, 5, 5, 5});
    sample_.inputs = {{DataType::kUint8, {4, 2, 3}, image_.data(), image_.size()},
                      {DataType::kBytes, {4, 2}, text_.data(), text_.size()},
                      {DataType::kFp64, {4, 1}, temp_.data(), temp_.size()}};
    sample_.outputs = {{DataType::kFp32, {4, 3}, logits_.data(), logits_.size()}};
  }

  std::vector<double> Pixels(size_t row) const {
    return std::vector<double>(pixels_.begin() + row * 6, pixels_.begin() + (row + 1) * 6);
  }

  WatchedModelSettings settings_;
  drift::MonitorSettings monitor_;
  std::vector<uint8_t> pixels_;
  std::string image_, temp_, logits_;
  std::string text_ = TextTensorBytes({"UA", "EWR", "", "JFK", "x", "LGA", "", ""});
  Sample sample_;
};

TEST_F(RowValuesTest, WideRowsAreReducedAndOthersAreRead) {
  RowValues values(settings_, monitor_);
  SampleReader reader(sample_);
  drift::Reducer reducer;
  const double lengths[] = {5, 3, 4, 0};
  const int64_t best[] = {1, 0, 2, 0};
  const double first[] = {0, 3, 0, 5};
  for (const size_t row : {2u, 0u, 3u, 1u}) {
    const auto read = values.Read(reader, row);
    ASSERT_EQ(read.size(), 7u);
    EXPECT_EQ(read[0].as_double(), reducer.Reduce({Reduction::kMean}, Pixels(row)).as_double());
    EXPECT_EQ(read[1].as_double(), 10.0 + row);
    EXPECT_EQ(read[2].as_double(), reducer.Reduce({Reduction::kStd}, Pixels(row)).as_double());
    EXPECT_EQ(read[3].as_double(), lengths[row]);
    EXPECT_EQ(read[4].as_double(), reducer.Reduce({Reduction::kProjections, 2, 7, 1}, Pixels(row)).as_double());
    EXPECT_EQ(read[5].as_int64(), best[row]);
    EXPECT_EQ(read[6].as_double(), first[row]);
  }
}

TEST_F(RowValuesTest, RowsThatWereCopiedOutAreWhole) {
  sample_.rows = {{2, 2, 0, 1.0}};
  sample_.byte_size = 1 << 20;
  ASSERT_TRUE(CopyKeptRows(4, sample_));
  ASSERT_EQ(sample_.rows[0].position, 0u);
  RowValues values(settings_, monitor_);
  SampleReader reader(sample_);
  const auto read = values.Read(reader, 0);
  drift::Reducer reducer;
  EXPECT_EQ(read[2].as_double(), reducer.Reduce({Reduction::kStd}, Pixels(2)).as_double());
  EXPECT_EQ(read[3].as_double(), 4);
  EXPECT_EQ(read[5].as_int64(), 2);
}

TEST_F(RowValuesTest, AModelThatDoesNotBatchHasOneRow) {
  settings_.batches = false;
  RowValues values(settings_, monitor_);
  SampleReader reader(sample_);
  const auto read = values.Read(reader, 0);
  drift::Reducer reducer;
  const std::vector<double> all(pixels_.begin(), pixels_.end());
  EXPECT_EQ(read[0].as_double(), reducer.Reduce({Reduction::kMean}, all).as_double());
  EXPECT_EQ(read[3].as_double(), 12);
  EXPECT_EQ(read[5].as_int64(), 8);
}

TEST_F(RowValuesTest, WhatTheTensorDoesNotHoldIsMissing) {
  sample_.inputs[0].byte_size -= 1;
  sample_.inputs[1].byte_size -= 1;
  sample_.outputs.clear();
  RowValues values(settings_, monitor_);
  SampleReader reader(sample_);
  const auto read = values.Read(reader, 3);
  for (const size_t missing : {0u, 2u, 3u, 4u, 5u, 6u}) EXPECT_TRUE(read[missing].missing()) << missing;
  EXPECT_EQ(read[1].as_double(), 13);
  EXPECT_FALSE(values.Read(reader, 2)[0].missing());
}

template <typename T>
void ExpectMax(DataType type, const std::vector<T>& elements, double largest) {
  const std::string bytes = " " + BytesOf(elements);  // not aligned
  Sample sample;
  sample.inputs = {{type, {1, static_cast<int64_t>(elements.size())}, bytes.data() + 1, bytes.size() - 1}};
  WatchedModelSettings settings;
  settings.features = {{"largest", 0, 0}};
  drift::MonitorSettings monitor;
  monitor.features = {Reduced("largest", {Reduction::kMax})};
  RowValues values(settings, monitor);
  SampleReader reader(sample);
  const auto read = values.Read(reader, 0);
  ASSERT_FALSE(read[0].missing()) << Name(type);
  EXPECT_EQ(read[0].as_double(), largest) << Name(type);
}

TEST(RowValuesTypesTest, EveryTypeIsReduced) {
  ExpectMax<uint8_t>(DataType::kBool, {0, 7}, 1);
  ExpectMax<uint8_t>(DataType::kUint8, {0, 255}, 255);
  ExpectMax<uint16_t>(DataType::kUint16, {0, 65535}, 65535);
  ExpectMax<uint32_t>(DataType::kUint32, {0, ~0u}, 4294967295.0);
  ExpectMax<uint64_t>(DataType::kUint64, {0, uint64_t{1} << 63}, 0x1p63);
  ExpectMax<int8_t>(DataType::kInt8, {-128, -1}, -1);
  ExpectMax<int16_t>(DataType::kInt16, {-3, 700}, 700);
  ExpectMax<int32_t>(DataType::kInt32, {-3, 70000}, 70000);
  ExpectMax<int64_t>(DataType::kInt64, {-3, -(int64_t{1} << 40)}, -3);
  ExpectMax<uint16_t>(DataType::kFp16, {0x3c00, 0x7bff, 0x7e00}, 65504);  // the last is a NaN
  ExpectMax<uint16_t>(DataType::kBf16, {0x3f80, 0xc2f7, 0x7f80}, 1);      // the last is +Inf
  ExpectMax<float>(DataType::kFp32, {0.1f, -1}, double{0.1f});
  ExpectMax<double>(DataType::kFp64, {0.1, std::nan("")}, 0.1);
}

}  // namespace
}  // namespace driftserve
