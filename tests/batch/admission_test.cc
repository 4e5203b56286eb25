#include "server/batch/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace driftserve {
namespace {

using testing::HasSubstr;

constexpr bool kAlone = true, kAmongOthers = false;

TEST(Admission, BoundsRequests) {
  Admission admission(2, 1'000);
  Holding model;
  EXPECT_FALSE(admission.Admit(10, model, kAlone));
  EXPECT_FALSE(admission.Admit(10, model, kAlone));
  EXPECT_EQ(admission.Admit(10, model, kAlone), Refusal::kServerFull);
  EXPECT_EQ(admission.pending_requests(), 2) << "what was refused holds no place";
  EXPECT_EQ(admission.pending_bytes(), 20);
  EXPECT_EQ(model.requests, 2);
  EXPECT_EQ(model.bytes, 20);
  admission.Release(1, 10, model);
  EXPECT_FALSE(admission.Admit(10, model, kAlone));
}

TEST(Admission, BoundsBytes) {
  Admission admission(100, 1'000);
  Holding model;
  EXPECT_FALSE(admission.Admit(900, model, kAlone));
  EXPECT_EQ(admission.Admit(101, model, kAlone), Refusal::kServerFull);
  EXPECT_FALSE(admission.Admit(100, model, kAlone));
  EXPECT_EQ(admission.pending_bytes(), 1'000);
}

TEST(Admission, SaysWhichBoundAndOptionRefused) {
  const Admission admission(100, 1'000);
  for (const Refusal refusal : {Refusal::kServerFull, Refusal::kModelShare}) {
    const absl::Status status = admission.Explain(refusal);
    EXPECT_TRUE(absl::IsResourceExhausted(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr("100 requests (scheduling.max_pending_requests)"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("1000 bytes (scheduling.max_pending_bytes)"));
  }
}

/// How many requests of `bytes` each are admitted before one is refused, and why it is.
int Flood(Admission& admission, Holding& model, size_t bytes, Refusal expected) {
  for (int admitted = 0;; ++admitted) {
    if (const auto refusal = admission.Admit(bytes, model, kAmongOthers)) {
      EXPECT_EQ(*refusal, expected);
      return admitted;
    }
  }
}

TEST(Admission, AModelsFloodLeavesTheOthersHalf) {
  Admission admission(1'000, 1'000'000);
  Holding flooded, second, third;
  EXPECT_EQ(Flood(admission, flooded, 10, Refusal::kModelShare), 500);
  EXPECT_EQ(Flood(admission, second, 10, Refusal::kModelShare), 250);
  EXPECT_FALSE(admission.Admit(10, third, kAmongOthers)) << "there is always room for another";
  admission.Release(300, 3'000, flooded);
  EXPECT_FALSE(admission.Admit(10, second, kAmongOthers)) << "shares follow what is free";
}

TEST(Admission, AModelsFloodOfBytesToo) {
  Admission admission(1'000, 1'000);
  Holding flooded, second;
  EXPECT_EQ(Flood(admission, flooded, 10, Refusal::kModelShare), 50);
  EXPECT_FALSE(admission.Admit(400, second, kAmongOthers));
}

}  // namespace
}  // namespace driftserve
