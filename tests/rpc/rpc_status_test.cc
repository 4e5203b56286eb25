#include "server/rpc/rpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace driftserve {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ToGrpcStatus, KeepsCodeAndText) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  const std::string longest(kMostMessageBytes, 'x');
  const grpc::Status status = ToGrpcStatus(absl::NotFoundError(longest));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), longest);
}

TEST(ToGrpcStatus, ALongTextLosesItsMiddle) {
  const std::string text = "model '" + std::string(1 << 20, 'x') + "': not found";
  const std::string cut = ToGrpcStatus(absl::NotFoundError(text)).error_message();
  EXPECT_LE(cut.size(), kMostMessageBytes);
  EXPECT_THAT(cut, StartsWith("model 'xxx"));
  EXPECT_THAT(cut, EndsWith("xxx': not found"));
  EXPECT_THAT(cut, HasSubstr(" bytes left out) "));
}

TEST(ToGrpcStatus, NoCharacterIsCutInTwo) {
  for (size_t shift = 0; shift < 3; ++shift) {
    std::string text(shift, 'x');
    while (text.size() < 5000) text += "€";
    const std::string cut = ToGrpcStatus(absl::NotFoundError(text)).error_message();
    EXPECT_LE(cut.size(), kMostMessageBytes);
    const size_t gap = cut.find(" … (");
    EXPECT_EQ((gap - shift) % 3, 0u) << shift;
    EXPECT_EQ((cut.size() - cut.rfind("… ") - 4) % 3, 0u) << shift;
  }
}

}  // namespace
}  // namespace driftserve
