#include "server/base/data_type.h"

#include <gtest/gtest.h>

namespace driftserve {
namespace {

TEST(DataType, EveryNameReadsBackToItsType) {
  for (int i = 1; i <= static_cast<int>(DataType::kBytes); ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(DataTypeFromName(Name(type)), type) << Name(type);
  }
}

TEST(DataType, UnknownNamesAreNoType) {
  EXPECT_EQ(DataTypeFromName("FLOAT"), std::nullopt);
  EXPECT_EQ(DataTypeFromName("fp32"), std::nullopt);
  EXPECT_EQ(DataTypeFromName("INVALID"), std::nullopt);
  EXPECT_EQ(DataTypeFromName(""), std::nullopt);
}

TEST(DataType, SizesAreTheProtocols) {
  EXPECT_EQ(ElementSize(DataType::kBool), 1u);
  EXPECT_EQ(ElementSize(DataType::kBf16), 2u);
  EXPECT_EQ(ElementSize(DataType::kFp32), 4u);
  EXPECT_EQ(ElementSize(DataType::kUint64), 8u);
  EXPECT_EQ(ElementSize(DataType::kBytes), 0u) << "elements differ in length";
}

}  // namespace
}  // namespace driftserve
