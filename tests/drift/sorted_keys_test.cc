#include "drift/sorted_keys.h"

#include <algorithm>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace drift
