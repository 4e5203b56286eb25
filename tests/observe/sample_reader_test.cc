#include "server/observe/sample_reader.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drift/dtype.h"
#include "tests/tap/watched.h"

namespace driftserve {
namespace {

using drift::Value;

template <typename T>
Value First(DataType type, T element) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &element, sizeof(T));
  return ReadElement({type, {1}, bytes, sizeof(T)}, 0);
}

TEST(ReadElementTest, EveryTypeKeepsItsValue) {
  EXPECT_EQ(First<uint8_t>(DataType::kBool, 1).as_bool(), true);
  EXPECT_EQ(First<uint8_t>(DataType::kUint8, 255).as_uint64(), 255u);
  EXPECT_EQ(First<uint16_t>(DataType::kUint16, 65535).as_uint64(), 65535u);
  EXPECT_EQ(First<uint32_t>(DataType::kUint32, ~0u).as_uint64(), 4294967295u);
  EXPECT_EQ(First<uint64_t>(DataType::kUint64, ~uint64_t{0}).as_uint64(), ~uint64_t{0});
  EXPECT_EQ(First<int8_t>(DataType::kInt8, -7).as_int64(), -7);
  EXPECT_EQ(First<int16_t>(DataType::kInt16, -700).as_int64(), -700);
  EXPECT_EQ(First<int32_t>(DataType::kInt32, -70000).as_int64(), -70000);
  EXPECT_EQ(First<int64_t>(DataType::kInt64, (int64_t{1} << 53) + 1).as_int64(), (int64_t{1} << 53) + 1);
  EXPECT_EQ(First<float>(DataType::kFp32, 0.1f).as_double(), double{0.1f});
  EXPECT_EQ(First<double>(DataType::kFp64, 0.1).as_double(), 0.1);
}

TEST(ReadElementTest, HalvesBecomeTheirNumbers) {
  EXPECT_EQ(First<uint16_t>(DataType::kFp16, 0x3c00).as_double(), 1.0);
  EXPECT_EQ(First<uint16_t>(DataType::kFp16, 0xc000).as_double(), -2.0);
  EXPECT_EQ(First<uint16_t>(DataType::kFp16, 0x7bff).as_double(), 65504.0);
  EXPECT_EQ(First<uint16_t>(DataType::kFp16, 0x0001).as_double(), std::ldexp(1, -24));
  EXPECT_TRUE(std::isinf(First<uint16_t>(DataType::kFp16, 0xfc00).as_double()));
  EXPECT_TRUE(std::isnan(First<uint16_t>(DataType::kFp16, 0x7e00).as_double()));
  EXPECT_EQ(First<uint16_t>(DataType::kBf16, 0x3f80).as_double(), 1.0);
  EXPECT_EQ(First<uint16_t>(DataType::kBf16, 0xc2f7).as_double(), -123.5);
}

TEST(ReadElementTest, AProfileRoundsToWhatIsServed) {
  for (const auto& [type, dtype] : {std::pair{DataType::kFp16, drift::Dtype::kFloat16},
                                    std::pair{DataType::kBf16, drift::Dtype::kBfloat16}}) {
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
      const double served = First<uint16_t>(type, static_cast<uint16_t>(bits)).as_double();
      if (!std::isfinite(served)) continue;
      ASSERT_EQ(drift::RoundTo(served, dtype), served) << bits;
      ASSERT_EQ(drift::RoundTo(served * (1 + 0x1p-40), dtype), served) << bits;
    }
  }
}

TEST(ReadElementTest, WhatIsNotThereIsMissing) {
  const float element = 1;
  const TensorView tensor = {DataType::kFp32, {1}, reinterpret_cast<const char*>(&element), sizeof(element)};
  EXPECT_FALSE(ReadElement(tensor, 0).missing());
  EXPECT_TRUE(ReadElement(tensor, 1).missing());
  EXPECT_TRUE(ReadElement({}, 0).missing());
}

class SampleReaderTest : public ::testing::Test {
 protected:
  SampleReaderTest() {
    sample_.inputs = {{DataType::kFp32, {3, 2}, reinterpret_cast<const char*>(numbers_.data()), 6 * sizeof(float)},
                      {DataType::kBytes, {3, 2}, text_.data(), text_.size()}};
    sample_.outputs = {{DataType::kFp64, {3}, reinterpret_cast<const char*>(scores_.data()), 3 * sizeof(double)}};
  }

  std::vector<float> numbers_ = {0, 1, 2, 3, 4, 5};
  std::vector<double> scores_ = {0.25, 0.5, 0.75};
  std::string text_ = TextTensorBytes({"UA", "EWR", "", "JFK", std::string("\0x", 2), "LGA"});
  Sample sample_;
};

TEST_F(SampleReaderTest, AValueIsFoundByTensorColumnAndPosition) {
  SampleReader reader(sample_);
  EXPECT_EQ(reader.Feature({"b", 0, 1}, 2).as_double(), 5.0);
  EXPECT_EQ(reader.Prediction({"p", 0, 0}, 1).as_double(), 0.5);
}

TEST_F(SampleReaderTest, TextsAreFoundInAnyOrder) {
  SampleReader reader(sample_);
  EXPECT_EQ(reader.Feature({"origin", 1, 1}, 2).as_text(), "LGA");
  EXPECT_EQ(reader.Feature({"carrier", 1, 0}, 0).as_text(), "UA");
  EXPECT_EQ(reader.Feature({"carrier", 1, 0}, 1).as_text(), "");
  EXPECT_EQ(reader.Feature({"carrier", 1, 0}, 2).as_text(), std::string_view("\0x", 2));
}

TEST_F(SampleReaderTest, BytesThatEndEarlyReadAsMissing) {
  sample_.inputs[1].byte_size -= 1;
  SampleReader reader(sample_);
  EXPECT_TRUE(reader.Feature({"origin", 1, 1}, 2).missing());
  EXPECT_EQ(reader.Feature({"origin", 1, 1}, 1).as_text(), "JFK");
  EXPECT_TRUE(reader.Feature({"origin", 1, 1}, 3).missing());
}

TEST_F(SampleReaderTest, AnAbsentTensorReadsAsMissing) {
  sample_.inputs[1].type = DataType::kInvalid;
  sample_.inputs[1].shape.clear();
  SampleReader reader(sample_);
  std::vector<double> elements;
  EXPECT_TRUE(reader.Feature({"carrier", 1, 0}, 0).missing());
  EXPECT_EQ(reader.FeatureRow(1, 0, true, elements), RowKind::kNone);
}

TEST_F(SampleReaderTest, ABindingToNoTensorReadsAsMissing) {
  SampleReader reader(sample_);
  EXPECT_TRUE(reader.Feature({"x", 2, 0}, 0).missing());
  EXPECT_TRUE(reader.Feature({"x", -1, 0}, 0).missing());
  EXPECT_TRUE(reader.Prediction({"x", 0, -1}, 0).missing());
}

}  // namespace
}  // namespace driftserve
