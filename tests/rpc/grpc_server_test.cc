#include "server/rpc/grpc_server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <future>
#include <thread>

#include "tests/rpc/gate.h"
#include "tests/rpc/test_server.h"

namespace driftserve {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::AllOf;
using testing::HasSubstr;

ModelInferRequest Request(const std::vector<float>& values, const std::string& model = "double") {
  ModelInferRequest request;
  request.set_model_name(model);
  request.set_id("mine");
  auto& input = *request.add_inputs();
  input.set_name("x");
  input.set_datatype("FP32");
  input.add_shape(static_cast<int64_t>(values.size()));
  input.add_shape(1);
  request.add_raw_input_contents(values.data(), values.size() * sizeof(float));
  return request;
}

float First(const ModelInferResponse& response) {
  float value;
  std::memcpy(&value, response.raw_output_contents(0).data(), sizeof(value));
  return value;
}

struct Client {
  explicit Client(TestServer& server)
      : inference(inference::GRPCInferenceService::NewStub(server.Channel())),
        prediction(v1::Prediction::NewStub(server.Channel())) {}

  grpc::Status Infer(const ModelInferRequest& request, int64_t deadline_ms = 5000) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(deadline_ms));
    context.AddMetadata("traceparent", "00-abc");
    return inference->ModelInfer(&context, request, &response);
  }

  std::unique_ptr<inference::GRPCInferenceService::Stub> inference;
  std::unique_ptr<v1::Prediction::Stub> prediction;
  ModelInferResponse response;
};

TEST(GrpcServer, AnswersOnThePoller) {
  TestServer server;
  server.Start();
  Client client(server);
  for (int i = 0; i < 100; ++i) {  // more than are posted: calls are used again
    const grpc::Status status = client.Infer(Request({static_cast<float>(i), 1}));
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(First(client.response), 2.0f * i);
    EXPECT_EQ(client.response.id(), "mine");
    EXPECT_EQ(client.response.outputs(0).shape(0), 2);
  }
}

TEST(GrpcServer, AnswersFromAnInstance) {
  TestServer server;
  server.UseInstance();
  server.Start();
  Client client(server);
  ASSERT_TRUE(client.Infer(Request({21})).ok());
  EXPECT_EQ(First(client.response), 42.0f);
}

TEST(GrpcServer, PredictAnswersByColumns) {
  TestServer server;
  server.Start();
  Client client(server);
  v1::PredictRequest request;
  request.set_model_name("double");
  (*request.mutable_columns())["x"].mutable_doubles()->add_values(2.5);
  grpc::ClientContext context;
  v1::PredictResponse response;
  const grpc::Status status = client.prediction->Predict(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.outputs().at("y").doubles().values(0), 5.0);
}

TEST(GrpcServer, AnUnknownModelIsNotFoundAndCounted) {
  TestServer server;
  server.Start();
  Client client(server);
  const grpc::Status status = client.Infer(Request({1}, "nope"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("nope"));
  EXPECT_EQ(server.unknown.slot(0).requests[0][static_cast<size_t>(absl::StatusCode::kNotFound)].Read(), 1u);
  EXPECT_TRUE(client.Infer(Request({1})).ok()) << "the next request is right";
}

TEST(GrpcServer, BeforeItIsReadyAModelIsUnavailableNotUnknown) {
  TestServer server;
  ASSERT_TRUE(server.server->Start().ok());
  Client client(server);
  EXPECT_EQ(client.Infer(Request({1})).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(GrpcServer, ABadRequestNamesTheTensor) {
  TestServer server;
  server.Start();
  Client client(server);
  ModelInferRequest request = Request({1});
  request.mutable_inputs(0)->set_datatype("INT32");
  const grpc::Status status = client.Infer(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("'x'"), HasSubstr("FP32"), HasSubstr("INT32")));
  EXPECT_TRUE(client.Infer(Request({1})).ok());
}

TEST(GrpcServer, AMessageOverTheLimitIsGrpcsOwnRefusal) {
  TestServer server;
  server.Start();
  Client client(server);
  EXPECT_EQ(client.Infer(Request(std::vector<float>(1 << 15))).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(client.Infer(Request({1})).ok());
}

TEST(GrpcServer, AFullServerRefusesAtOnce) {
  TestServer server(1);
  server.UseInstance();
  Gate gate;
  server.graph->before_run = gate.Pass();
  server.Start();
  Client first(server);
  // The first runs, the second waits and takes the only place, the third is refused.
  std::future<bool> running = std::async(std::launch::async, [&] { return first.Infer(Request({1})).ok(); });
  gate.WaitForArrival();
  server.graph->before_run = nullptr;
  Client second(server);
  std::future<bool> waiting = std::async(std::launch::async, [&] { return second.Infer(Request({1})).ok(); });
  while (server.admission.pending_requests() < 1) std::this_thread::yield();
  Client third(server);
  EXPECT_EQ(third.Infer(Request({1})).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  gate.Open();
  EXPECT_TRUE(running.get());
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(server.model->counters.slot(0).refused[static_cast<size_t>(Refusal::kServerFull)].Read(), 1u);
}

TEST(GrpcServer, ADeadlineThatCannotBeMetIsRefusedWithoutRunning) {
  TestServer server;
  server.model->settings.buckets = {8};
  server.model->bucket_ns = {3'600'000'000'000};
  server.Start();
  Client client(server);
  EXPECT_EQ(client.Infer(Request({1})).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(server.graph->batches.empty());
}

TEST(GrpcServer, ARequestWhoseCallerLeftNeverRuns) {
  TestServer server;
  server.UseInstance();
  Gate gate;
  server.graph->before_run = gate.Pass();
  server.Start();
  Client first(server);
  std::future<bool> running = std::async(std::launch::async, [&] { return first.Infer(Request({1})).ok(); });
  gate.WaitForArrival();
  server.graph->before_run = nullptr;
  // The server counts the deadline from when the request reached it, a little after the caller does: the gate stays
  // shut until it is past for both.
  constexpr int kDeadlineMs = 300;
  Client second(server);
  auto expired = std::async(std::launch::async, [&] { return second.Infer(Request({2}), kDeadlineMs).error_code(); });
  const auto answered = [&] { return expired.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
  while (server.admission.pending_requests() < 1 && !answered()) std::this_thread::yield();
  const int64_t past_for_both = Clock::System().MonotonicNanos() + kDeadlineMs * 1'000'000;
  EXPECT_EQ(expired.get(), grpc::StatusCode::DEADLINE_EXCEEDED);
  while (Clock::System().MonotonicNanos() <= past_for_both) std::this_thread::yield();
  gate.Open();
  EXPECT_TRUE(running.get());
  server.server->Shutdown(5000);
  server.pool->Stop();
  EXPECT_EQ(server.graph->batches.size(), 1u);
}

TEST(GrpcServer, ShutdownLetsAcceptedRequestsEnd) {
  TestServer server;
  server.UseInstance();
  Gate gate;
  server.graph->before_run = gate.Pass();
  server.Start();
  Client client(server);
  std::future<bool> running = std::async(std::launch::async, [&] { return client.Infer(Request({1})).ok(); });
  gate.WaitForArrival();
  std::future<void> stopping = std::async(std::launch::async, [&] { server.server->Shutdown(10'000); });
  gate.Open();
  EXPECT_TRUE(running.get());
  stopping.get();
}

TEST(GrpcServer, ShutdownOutlastsARunThatOutlastsItsBudget) {
  TestServer server;
  server.UseInstance();
  Gate gate;
  server.graph->before_run = gate.Pass();
  server.Start();
  Client client(server);
  std::future<bool> running = std::async(std::launch::async, [&] { return client.Infer(Request({1})).ok(); });
  gate.WaitForArrival();
  std::future<void> stopping = std::async(std::launch::async, [&] { server.server->Shutdown(0); });
  EXPECT_FALSE(running.get()) << "cancelled: no time was left";
  EXPECT_EQ(stopping.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  gate.Open();  // the answer has nobody to go to, and its call is still there
  stopping.get();
}

// gRPC gives a call to nobody before its request is whole, and waits for it when it shuts down.
TEST(GrpcServer, ShutdownDoesNotWaitForACallWhoseRequestNeverComes) {
  TestServer server;
  server.Start();
  const std::shared_ptr<grpc::Channel> channel = server.Channel();
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue events;
  const auto call = stub.PrepareCall(&context, "/inference.GRPCInferenceService/ModelInfer", &events);
  const auto next = [&events] {
    void* tag;
    bool ok;
    events.Next(&tag, &ok);
  };
  call->StartCall(nullptr);
  next();
  // On the same connection, so that the call before it has arrived.
  const auto inference = inference::GRPCInferenceService::NewStub(channel);
  grpc::ClientContext live_context;
  inference::ServerLiveResponse live;
  ASSERT_TRUE(inference->ServerLive(&live_context, {}, &live).ok());
  server.server->Shutdown(3'600'000);
  grpc::Status status;
  call->Finish(&status, nullptr);
  next();
  EXPECT_THAT(status.error_code(), testing::AnyOf(grpc::StatusCode::CANCELLED, grpc::StatusCode::UNAVAILABLE));
}

TEST(GrpcServer, AKeptRowIsTappedWithItsTraceContextAfterTheReply) {
  TestServer server(100, /*watched=*/true);
  server.Start();
  Client client(server);
  ModelInferRequest request = Request({1});
  ASSERT_TRUE(client.Infer(request).ok());
  (*request.mutable_parameters())["tier"].set_string_param("vip");
  request.clear_id();
  ASSERT_TRUE(client.Infer(request).ok());
  EXPECT_THAT(client.response.id(), HasSubstr("0000000000000007-")) << "a watched model's requests get an id";
  server.server->Shutdown(1000);  // joins the poller: the tap comes after the reply
  std::unique_ptr<Sample> sample = server.Sampled();
  ASSERT_NE(sample, nullptr);
  EXPECT_EQ(sample->request_id, client.response.id());
  EXPECT_EQ(sample->traceparent, "00-abc");
  EXPECT_EQ(server.Sampled(), nullptr) << "the ordinary row was seen, not kept";
  EXPECT_EQ(server.model->watched->seen().Total(0), 1u);
  EXPECT_EQ(server.model->watched->seen().Total(1), 1u);
}

TEST(GrpcServer, APortInUseIsAnErrorThatNamesIt) {
  TestServer server;
  server.Start();
  GrpcConfig config;
  config.address = Concat("127.0.0.1:", server.server->port());
  PollerSettings settings;
  settings.clock = &Clock::System();
  settings.registry = &server.registry;
  settings.admission = &server.admission;
  settings.tap = &server.tap_;
  HealthBoard health;
  GrpcServer second(config, settings, &health, {});
  const absl::Status status = second.Start();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("grpc.address"), HasSubstr(config.address)));
}

}  // namespace
}  // namespace driftserve
