// ModelStreamInfer over a real channel.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <cstring>
#include <future>
#include <map>
#include <thread>

#include "tests/fuzz/mutator.h"
#include "tests/rpc/gate.h"
#include "tests/rpc/test_server.h"

namespace driftserve {
namespace {

using inference::ModelInferRequest;
using inference::ModelStreamInferResponse;
using testing::HasSubstr;

ModelInferRequest Request(float value, const std::string& id) {
  ModelInferRequest request;
  request.set_model_name("double");
  request.set_id(id);
  auto& input = *request.add_inputs();
  input.set_name("x");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(1);
  request.add_raw_input_contents(&value, sizeof(value));
  return request;
}

float First(const ModelStreamInferResponse& response) {
  float value;
  std::memcpy(&value, response.infer_response().raw_output_contents(0).data(), sizeof(value));
  return value;
}

/// One stream of a client of its own.
struct Stream {
  explicit Stream(TestServer& server)
      : stub(inference::GRPCInferenceService::NewStub(server.Channel())), call(stub->ModelStreamInfer(&context)) {}

  bool Send(float value, const std::string& id) { return call->Write(Request(value, id)); }
  ModelStreamInferResponse Next() {
    ModelStreamInferResponse response;
    EXPECT_TRUE(call->Read(&response));
    return response;
  }

  grpc::ClientContext context;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub;
  std::unique_ptr<grpc::ClientReaderWriter<ModelInferRequest, ModelStreamInferResponse>> call;
};

uint64_t Counted(const TestServer& server, absl::StatusCode code) {
  return server.model->counters.slots()[0]
      .requests[static_cast<size_t>(Method::kModelStreamInfer)][static_cast<size_t>(code)]
      .Read();
}

TEST(ModelStreamInfer, AnswersEveryMessageWithItsIdAndTheFinalMark) {
  TestServer server;
  server.Start();
  Stream stream(server);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(stream.Send(static_cast<float>(i), Concat("r", i)));
  std::map<std::string, float> answers;
  for (int i = 0; i < 50; ++i) {
    const ModelStreamInferResponse response = stream.Next();
    EXPECT_EQ(response.error_message(), "");
    EXPECT_TRUE(response.infer_response().parameters().at("triton_final_response").bool_param());
    answers[response.infer_response().id()] = First(response);
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(answers.at(Concat("r", i)), 2.0f * static_cast<float>(i));
  stream.call->WritesDone();
  EXPECT_TRUE(stream.call->Finish().ok());
  EXPECT_EQ(Counted(server, absl::StatusCode::kOk), 50u);
}

TEST(ModelStreamInfer, AnswersAfterTheHalfClose) {
  TestServer server;
  server.UseInstance();
  Gate gate;
  server.graph->before_run = gate.Pass();
  server.Start();
  Stream stream(server);
  ASSERT_TRUE(stream.Send(4, "late"));
  stream.call->WritesDone();
  gate.WaitForArrival();
  gate.Open();
  EXPECT_EQ(First(stream.Next()), 8);
  ModelStreamInferResponse none;
  EXPECT_FALSE(stream.call->Read(&none));
  EXPECT_TRUE(stream.call->Finish().ok());
}

TEST(ModelStreamInfer, AStreamWithoutMessagesEndsWell) {
  TestServer server;
  server.Start();
  Stream stream(server);
  stream.call->WritesDone();
  EXPECT_TRUE(stream.call->Finish().ok());
}

TEST(ModelStreamInfer, ABadMessageFirstInTheMiddleOrLastIsAnsweredAndTheStreamLivesOn) {
  TestServer server;
  server.Start();
  for (int bad = 0; bad < 3; ++bad) {
    Stream stream(server);
    for (int i = 0; i < 3; ++i) {
      ModelInferRequest request = Request(static_cast<float>(i), Concat("r", i));
      if (i == bad) request.set_model_name("nosuch");
      ASSERT_TRUE(stream.call->Write(request));
    }
    stream.call->WritesDone();
    for (int i = 0; i < 3; ++i) {
      const ModelStreamInferResponse response = stream.Next();
      const bool is_bad = response.infer_response().id() == Concat("r", bad);
      EXPECT_EQ(response.error_message().empty(), !is_bad);
      if (is_bad) {
        EXPECT_THAT(response.error_message(), HasSubstr("nosuch"));
      }
      EXPECT_TRUE(response.infer_response().parameters().at("triton_final_response").bool_param());
    }
    EXPECT_TRUE(stream.call->Finish().ok());
  }
}

TEST(ModelStreamInfer, CancellingCancelsWhatWaitsAndNothingOfItRuns) {
  TestServer server;
  server.UseInstance();
  Gate gate;
  server.graph->before_run = gate.Pass();
  server.Start();
  Stream running(server);
  ASSERT_TRUE(running.Send(1, "runs"));
  gate.WaitForArrival();
  server.graph->before_run = nullptr;
  {
    Stream left(server);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(left.Send(1, "waits"));
    while (server.pool->waiting() < 5) std::this_thread::yield();
    left.context.TryCancel();
    EXPECT_EQ(left.call->Finish().error_code(), grpc::StatusCode::CANCELLED);
    // A later call on the same connection has been answered: the cancellation was seen before it.
    grpc::ClientContext context;
    inference::ModelInferResponse response;
    ModelInferRequest request;
    EXPECT_EQ(left.stub->ModelInfer(&context, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  }
  server.WaitForPoller();
  gate.Open();
  EXPECT_EQ(running.Next().infer_response().id(), "runs");
  while (Counted(server, absl::StatusCode::kCancelled) < 5) std::this_thread::yield();
  EXPECT_EQ(server.graph->batches, std::vector<int64_t>{1});
}

TEST(ModelStreamInfer, NoMoreThanTheBoundIsReadWhileNothingIsAnswered) {
  TestServer server(100, false, /*max_requests_per_stream=*/3);
  server.UseInstance();
  Gate gate;
  server.graph->before_run = gate.Pass();
  server.Start();
  Stream stream(server);
  constexpr int kMessages = 20;
  ASSERT_TRUE(stream.Send(1, "runs"));
  gate.WaitForArrival();
  server.graph->before_run = nullptr;
  for (int i = 1; i < kMessages; ++i) ASSERT_TRUE(stream.Send(1, Concat(i)));
  while (server.pool->waiting() < 2) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) server.WaitForPoller();  // nothing that could be read is left over
  EXPECT_EQ(server.pool->waiting(), 2u);
  gate.Open();
  for (int i = 0; i < kMessages; ++i) stream.Next();
  stream.call->WritesDone();
  EXPECT_TRUE(stream.call->Finish().ok());
}

TEST(ModelStreamInfer, ShutdownAnswersWhatWasReadAndEndsTheStream) {
  TestServer server;
  server.UseInstance();
  Gate gate;
  server.graph->before_run = gate.Pass();
  server.Start();
  Stream idle(server), busy(server);
  ASSERT_TRUE(idle.Send(1, "first"));
  gate.WaitForArrival();
  server.graph->before_run = nullptr;
  ASSERT_TRUE(busy.Send(2, "second"));
  while (server.pool->waiting() < 1) std::this_thread::yield();
  // An hour: the streams must end because they are told to, not because time is up.
  auto stopping = std::async(std::launch::async, [&] { server.server->Shutdown(3'600'000); });
  gate.Open();
  EXPECT_EQ(idle.Next().infer_response().id(), "first");
  EXPECT_EQ(busy.Next().infer_response().id(), "second");
  EXPECT_EQ(idle.call->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(busy.call->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  stopping.get();
}

TEST(ModelStreamInfer, AKeptRowIsTapped) {
  TestServer server(100, /*watched=*/true);
  server.Start();
  Stream stream(server);
  ModelInferRequest request = Request(3, "kept");
  (*request.mutable_parameters())["tier"].set_string_param("vip");
  ASSERT_TRUE(stream.call->Write(request));
  ASSERT_TRUE(stream.Send(4, "seen"));
  stream.Next();
  stream.Next();
  stream.call->WritesDone();
  EXPECT_TRUE(stream.call->Finish().ok());
  server.server->Shutdown(1000);
  std::unique_ptr<Sample> sample = server.Sampled();
  ASSERT_NE(sample, nullptr);
  EXPECT_EQ(sample->request_id, "kept");
  float input, output;
  std::memcpy(&input, sample->inputs[0].bytes, sizeof(input));
  std::memcpy(&output, sample->outputs[0].bytes, sizeof(output));
  EXPECT_EQ(input, 3);
  EXPECT_EQ(output, 6);
  EXPECT_EQ(server.Sampled(), nullptr);
  EXPECT_EQ(server.model->watched->seen().Total(0), 1u);
}

/// A stream whose messages are bytes, for clients that send anything.
class RawStream {
 public:
  explicit RawStream(TestServer& server) : stub_(server.Channel()) {
    call_ = stub_.PrepareCall(&context_, "/inference.GRPCInferenceService/ModelStreamInfer", &queue_);
    call_->StartCall(this);
    Wait();
  }
  ~RawStream() {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) continue;
  }

  /// The answer to one message; nothing where the stream has ended.
  std::optional<ModelStreamInferResponse> Ask(const std::string& bytes) {
    grpc::Slice slice(bytes);
    call_->Write(grpc::ByteBuffer(&slice, 1), this);
    if (!Wait()) return std::nullopt;
    grpc::ByteBuffer answer;
    call_->Read(&answer, this);
    if (!Wait()) return std::nullopt;
    ModelStreamInferResponse response;
    if (!grpc::SerializationTraits<ModelStreamInferResponse>::Deserialize(&answer, &response).ok()) return std::nullopt;
    return response;
  }

 private:
  bool Wait() {
    void* tag;
    bool ok;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

TEST(ModelStreamInfer, AMessageThatIsNoRequestIsAnsweredToo) {
  TestServer server;
  server.Start();
  RawStream stream(server);
  const auto answer = stream.Ask("\xff\xff\xff");
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->error_message(), HasSubstr("ModelInferRequest"));
  const auto next = stream.Ask(Request(2, "next").SerializeAsString());
  ASSERT_TRUE(next);
  EXPECT_EQ(First(*next), 4);
  const auto invalid = static_cast<size_t>(absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(server.unknown.slots()[0].requests[static_cast<size_t>(Method::kModelStreamInfer)][invalid].Read(), 1u);
}

TEST(ModelStreamInfer, DamagedMessagesEachHaveOneAnswer) {
  TestServer server;
  server.Start();
  RawStream stream(server);
  Mutator mutator(11);
  const std::string good = Request(2, "good").SerializeAsString();
  int answered = 0, errors = 0;
  constexpr int kIterations = 2000;
  for (int i = 0; i < kIterations; ++i) {
    const auto answer = stream.Ask(mutator.Mutate(good, {"double", "FP32", "\x2a\x00", "\x3a\x04"}));
    ASSERT_TRUE(answer) << "message " << i;
    ++(answer->error_message().empty() ? answered : errors);
  }
  EXPECT_GT(answered, kIterations / 100);
  EXPECT_GT(errors, kIterations / 2);
  EXPECT_EQ(First(*stream.Ask(good)), 4);
}

}  // namespace
}  // namespace driftserve
