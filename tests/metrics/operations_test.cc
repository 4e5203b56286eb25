#include "server/metrics/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/clock.h"
#include "tests/metrics/raw_client.h"
#include "tests/metrics/watched.h"

namespace driftserve {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() {
    Post(board_, MakeWatched("flight_delay", {"UA"}), MakeEvaluation({ReadyFeature("temp"), WarmingFeature("wind")}));
    OperationsSources sources;
    sources.build = {"1.2.3", "", ""};
    sources.not_ready = [this] { return not_ready_; };
    sources.board = &board_;
    operations_ = std::make_unique<Operations>(sources);
  }

  HttpReply Get(const std::string& path, std::map<std::string, std::string> query = {}) const {
    return operations_->Answer({path, std::move(query)});
  }

  SnapshotBoard board_;
  std::string not_ready_;
  std::unique_ptr<Operations> operations_;
};

TEST_F(OperationsTest, MetricsAreInTheTextFormat) {
  const HttpReply reply = Get("/metrics");
  EXPECT_EQ(reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(reply.body, HasSubstr("model_feature_drift{model_name=\"flight_delay\",model_version=\"2\",feature="
                                    "\"temp\",drift_type=\"psi\"} 0.5\n"));
  EXPECT_THAT(reply.body, HasSubstr("driftserve_build_info{version=\"1.2.3\""));
}

TEST_F(OperationsTest, LivenessDoesNotDependOnReadiness) {
  EXPECT_EQ(Get("/livez").status, 200);
  EXPECT_EQ(Get("/readyz").status, 200);
  not_ready_ = "model fraud is still warming";
  EXPECT_EQ(Get("/livez").status, 200);
  const HttpReply reply = Get("/readyz");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "not ready: model fraud is still warming\n");
}

TEST_F(OperationsTest, VersionLeavesOutWhatIsNotKnown) {
  EXPECT_EQ(Get("/version").body, "{\"name\":\"driftserve\",\"version\":\"1.2.3\"}\n");
}

TEST_F(OperationsTest, DriftListsEveryModelAsJson) {
  const HttpReply reply = Get("/drift");
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_THAT(reply.body, StartsWith("{\"schema_version\":1,"));
  EXPECT_THAT(reply.body, HasSubstr("\"model_name\":\"flight_delay\""));
}

TEST_F(OperationsTest, AModelHasAPageItsPartAndItsFigures) {
  const HttpReply page = Get("/drift/flight_delay");
  EXPECT_THAT(page.body, StartsWith("<!doctype html>"));
  EXPECT_THAT(page.headers.at("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(page.headers.at("Cache-Control"), "no-store");
  EXPECT_THAT(Get("/drift/flight_delay", {{"part", "1"}}).body, StartsWith("<section class=\"verdict"));
  EXPECT_THAT(Get("/drift/flight_delay.json").body, StartsWith("{\"schema_version\":1,"));
  EXPECT_EQ(Get("/drift/flight_delay", {{"version", "2"}}).status, 200);
  EXPECT_EQ(Get("/drift/flight_delay", {{"version", "3"}}).status, 404);
}

TEST_F(OperationsTest, WhatIsNotThereIsNamedWithoutMarkup) {
  EXPECT_EQ(Get("/nothing").status, 404);
  const HttpReply reply = Get("/drift/<script>\xff");
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.content_type, StartsWith("text/plain"));
  EXPECT_THAT(reply.body, HasSubstr("\\xff"));
  EXPECT_EQ(reply.headers.at("X-Content-Type-Options"), "nosniff");
}

TEST_F(OperationsTest, TheIndexLinksEveryPage) {
  EXPECT_THAT(Get("/").body, HasSubstr("href=\"drift/flight_delay?version=2\""));
}

TEST_F(OperationsTest, ServesOnAPortAndCountsItsConnections) {
  ASSERT_TRUE(operations_->Listen({"127.0.0.1:0", 8, 60'000, 60'000}, &Clock::System()).ok());
  EXPECT_THAT(RawClient(operations_->port()).Get("/livez"), HasSubstr("live\n"));
  EXPECT_THAT(RawClient(operations_->port()).Get("/drift/flight_delay"), HasSubstr("Content-Security-Policy: "));
  EXPECT_THAT(RawClient(operations_->port()).Get("/metrics"),
              HasSubstr("driftserve_operations_connections_total{outcome=\"served\"}"));
}

TEST_F(OperationsTest, WorksWithoutAnythingToShow) {
  const Operations bare{OperationsSources{}};
  EXPECT_EQ(bare.Answer({"/metrics", {}}).status, 200);
  EXPECT_EQ(bare.Answer({"/drift", {}}).status, 200);
  EXPECT_EQ(bare.Answer({"/drift/m", {}}).status, 404);
  EXPECT_EQ(bare.Answer({"/readyz", {}}).status, 200);
}

}  // namespace
}  // namespace driftserve
