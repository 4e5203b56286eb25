#include "server/batch/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace driftserve {
namespace {

using testing::HasSubstr;

TEST(Admission, BoundsRequests) {
  Admission admission(2, 1'000);
  EXPECT_TRUE(admission.Admit(10).ok());
  EXPECT_TRUE(admission.Admit(10).ok());
  const absl::Status refused = admission.Admit(10);
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("scheduling.max_pending_requests"));
  EXPECT_EQ(admission.refused(), 1u);
  EXPECT_EQ(admission.pending_requests(), 2) << "what was refused holds no place";
  EXPECT_EQ(admission.pending_bytes(), 20);
  admission.Release(1, 10);
  EXPECT_TRUE(admission.Admit(10).ok());
}

TEST(Admission, BoundsBytes) {
  Admission admission(100, 1'000);
  EXPECT_TRUE(admission.Admit(900).ok());
  const absl::Status refused = admission.Admit(101);
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("scheduling.max_pending_bytes"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("101"));
  EXPECT_TRUE(admission.Admit(100).ok());
  EXPECT_EQ(admission.pending_bytes(), 1'000);
}

}  // namespace
}  // namespace driftserve
