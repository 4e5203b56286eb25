#include "server/base/hash.h"

#include <gtest/gtest.h>

#include <cstring>

namespace driftserve {
namespace {

// Known answers of XXH64, as any other implementation gives them: consumers decide again what was sampled.
TEST(Hash64, IsXxh64) {
  EXPECT_EQ(Hash64("", 0), 0xef46db3751d8e999ull);
  EXPECT_EQ(Hash64("a", 0), 0xd24ec4f1a98c6e5bull);
}

TEST(Hash64, OfTwoNumbersIsTheHashOfTheirBytes) {
  const uint64_t words[2] = {0x0123456789abcdefull, 42};
  const std::string_view bytes(reinterpret_cast<const char*>(words), sizeof(words));
  EXPECT_EQ(Hash64(words[0], words[1], 7), Hash64(bytes, 7));
  EXPECT_NE(Hash64(words[0], words[1], 7), Hash64(words[0], words[1], 8)) << "the seed counts";
}

}  // namespace
}  // namespace driftserve
