#include "drift/sorted_keys.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "drift/dtype.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::Random;

TEST(SortedKeysTest, SortsFewAndManyKeysOfEveryKind) {
  Random random(1);
  for (const std::size_t size : {0u, 1u, 100u, 4095u, 4096u, 50'000u}) {
    for (const std::uint64_t mask : {~0ull, 0xffull, 0ull, 0xfff0'0000'0000'0000ull}) {
      std::vector<std::uint64_t> keys(size);
      for (std::uint64_t& key : keys) key = random.Bits() & mask;
      std::vector<std::uint64_t> expected = keys;
      std::sort(expected.begin(), expected.end());
      SortKeys(keys);
      EXPECT_EQ(keys, expected) << size << " " << mask;
    }
  }
}

TEST(SortedKeysTest, FloatsAreSortedByTheBitsThatTheyHave) {
  Random random(2);
  std::vector<std::uint64_t> keys;
  for (int i = 0; i < 50'000; ++i) {
    const double scale = i % 3 == 0 ? 1e-42 : i % 3 == 1 ? 1 : 1e38;  // denormal as a float, common, nearly too large
    keys.push_back(FloatingKey(static_cast<float>(scale * random.Normal())));
  }
  std::vector<std::uint64_t> expected = keys;
  std::sort(expected.begin(), expected.end());
  SortKeys(keys, LowestKeyBit(Dtype::kFloat32));
  EXPECT_EQ(keys, expected);
}

}  // namespace
}  // namespace drift
