#include <gtest/gtest.h>

#include <future>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/rpc/test_server.h"

namespace driftserve {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

HealthCheckRequest Of(const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  return request;
}

TEST(HealthCheck, KnowsTheServerAndEachModel) {
  TestServer server;
  server.Start();
  const auto stub = Health::NewStub(server.Channel());
  for (const char* service : {"", "double"}) {
    grpc::ClientContext context;
    HealthCheckResponse response;
    ASSERT_TRUE(stub->Check(&context, Of(service), &response).ok());
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  }
  grpc::ClientContext context;
  HealthCheckResponse response;
  EXPECT_EQ(stub->Check(&context, Of("nope"), &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(HealthWatch, SaysEveryChangeOnceAndEndsWithTheServer) {
  TestServer server;
  server.Start();
  const auto stub = Health::NewStub(server.Channel());
  grpc::ClientContext context;
  const auto stream = stub->Watch(&context, Of("double"));
  HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server.health.Set("double", true);  // no change: nothing is sent
  server.health.Set("double", false);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  server.health.Set("double", true);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  std::future<void> stopping = std::async(std::launch::async, [&] { server.server->Shutdown(5000); });
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  stopping.get();
}

TEST(HealthWatch, AnUnknownServiceIsSaidToBeUnknownAndHeardOfLater) {
  TestServer server;
  server.Start();
  const auto stub = Health::NewStub(server.Channel());
  grpc::ClientContext context;
  const auto stream = stub->Watch(&context, Of("later"));
  HealthCheckResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  server.health.Set("later", true);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  context.TryCancel();
}

TEST(HealthWatch, WatchersThatLeaveLeaveNothingBehind) {
  TestServer server;
  server.Start();
  const auto stub = Health::NewStub(server.Channel());
  for (int i = 0; i < 50; ++i) {
    grpc::ClientContext context;
    const auto stream = stub->Watch(&context, Of(""));
    HealthCheckResponse response;
    ASSERT_TRUE(stream->Read(&response));
    server.health.Set("", i % 2 == 0);
    context.TryCancel();
  }
}

}  // namespace
}  // namespace driftserve
