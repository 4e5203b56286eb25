#include "drift/vectorised.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace drift {
namespace {

TEST(VectorisedTest, EachSumIsOfItsOwnVector) {
  Four sums;
  SumEach(Four{1, 2, 3, 4}, Four{10, 20, 30, 40}, Four{100, 200, 300, 400}, Four{-1, 0, 0, 0.5}, sums);
  const double expected[] = {10, 100, 1000, -0.5};
  for (std::size_t lane = 0; lane < kFour; ++lane) EXPECT_EQ(sums[lane], expected[lane]);
}

TEST(VectorisedTest, SumEachRoundsAsSumDoes) {
  const Four a = {0.1, 1e16, 0.3, -1e16}, b = {1e-9, 7, 1e9, 0.7};
  Four sums;
  SumEach(a, b, b, a, sums);
  EXPECT_EQ(sums[0], sums[3]);
  EXPECT_EQ(sums[1], sums[2]);
  EXPECT_EQ(sums[0], Sum(a));
  EXPECT_EQ(sums[1], Sum(b));
}

TEST(VectorisedTest, ColumnsOfFourRows) {
  Four columns[kFour];
  Transpose(Four{0, 1, 2, 3}, Four{10, 11, 12, 13}, Four{20, 21, 22, 23}, Four{30, 31, 32, 33}, columns);
  for (std::size_t i = 0; i < kFour; ++i) {
    for (std::size_t row = 0; row < kFour; ++row) EXPECT_EQ(columns[i][row], static_cast<double>(10 * row + i));
  }
}

TEST(VectorisedTest, ProductsTakeWhatIsLeftBeyondFours) {
  std::vector<double> a, b;
  double expected = 0;
  for (int size = 0; size < 23; ++size) {
    EXPECT_EQ(Product(a.data(), b.data(), a.size()), expected) << size;
    a.push_back(size + 1);
    b.push_back(3 - size);
    expected += a.back() * b.back();
  }
}

TEST(VectorisedTest, IntegersBecomeTheDoublesThatTheyAre) {
  constexpr std::int64_t kMost = (std::int64_t{1} << 52) - 1;
  Four doubles;
  ToDoubles(FourIntegers{0, 1, 4'294'967'297, kMost}, doubles);
  const double expected[] = {0, 1, 4'294'967'297, static_cast<double>(kMost)};
  for (std::size_t lane = 0; lane < kFour; ++lane) EXPECT_EQ(doubles[lane], expected[lane]);
}

}  // namespace
}  // namespace drift
