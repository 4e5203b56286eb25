#include "server/base/text.h"

#include <gtest/gtest.h>

namespace driftserve {
namespace {

TEST(Text, ConcatTakesTextsAndNumbers) {
  EXPECT_EQ(Concat("row ", 3, " of '", std::string("temp"), '\'', std::string_view(": no")), "row 3 of 'temp': no");
  EXPECT_EQ(Concat(), "");
}

TEST(Text, JoinPutsSeparatorsBetween) {
  EXPECT_EQ(Join(std::vector<std::string>{"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(Join(std::vector<int>{}, ", "), "");
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Text, ParseWholeTakesNoRest) {
  EXPECT_EQ(ParseWhole<int>("42"), 42);
  EXPECT_EQ(ParseWhole<int>("42x"), std::nullopt);
  EXPECT_EQ(ParseWhole<int>(""), std::nullopt);
  EXPECT_EQ(ParseWhole<int8_t>("300"), std::nullopt) << "does not fit";
}

}  // namespace
}  // namespace driftserve
