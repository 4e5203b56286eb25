#include "server/execute/cpu_features.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace driftserve {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CpuFeaturesTest, NothingIsLackingWhereNothingIsAsked) {
  EXPECT_THAT(MissingCpuFeatures(""), IsEmpty());
  EXPECT_THAT(MissingCpuFeatures("NONE"), IsEmpty());
}

TEST(CpuFeaturesTest, WordsThatNoCpuHasAreNamedInOrder) {
  EXPECT_THAT(MissingCpuFeatures("AVX9000 NONE  QUANTUM"), ElementsAre("AVX9000", "QUANTUM"));
}

#if defined(__x86_64__)
TEST(CpuFeaturesTest, AgreesWithTheCompilersWord) {
  EXPECT_EQ(MissingCpuFeatures("AVX2").empty(),
            __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0);
  EXPECT_EQ(MissingCpuFeatures("AVX512_VNNI").empty(), __builtin_cpu_supports("avx512vnni") != 0);
}
#endif

}  // namespace
}  // namespace driftserve
