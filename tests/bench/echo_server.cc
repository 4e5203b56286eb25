// The least that a gRPC server can do for ModelInfer, as the measure of what a whole inference may cost: one
// completion queue, 256 posted calls, recycled messages, the request parsed, a fixed reply. Nothing else is registered.
//
//   echo_server ADDRESS      prints "listening on PORT" and serves until it is killed

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inference/grpc_service.grpc.pb.h"

namespace {

constexpr int kPostedCalls = 256;

using Service = inference::GRPCInferenceService::AsyncService;

// One call: posted, then accepted, then finished, then used again. Its messages live as long as it does.
struct Call {
  enum class Step { kPosted, kFinishing } step = Step::kPosted;
  inference::ModelInferRequest request;
  std::optional<grpc::ServerContext> context;
  std::optional<grpc::ServerAsyncResponseWriter<inference::ModelInferResponse>> writer;
};

inference::ModelInferResponse FixedReply() {
  inference::ModelInferResponse reply;
  reply.set_model_name("mlp");
  reply.set_model_version("1");
  auto* output = reply.add_outputs();
  output->set_name("score");
  output->set_datatype("FP32");
  output->add_shape(1);
  output->add_shape(1);
  reply.add_raw_output_contents(std::string(4, '\0'));
  return reply;
}

class EchoServer {
 public:
  explicit EchoServer(const std::string& address) : reply_(FixedReply()) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
  }

  // 0 where the address could not be bound.
  int port() const { return server_ == nullptr ? 0 : port_; }

  void Serve() {
    for (int i = 0; i < kPostedCalls; ++i) Post();
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
      auto* call = static_cast<Call*>(tag);
      if (call->step == Call::Step::kFinishing) {
        free_.push_back(call);
      } else if (ok) {
        Post();
        call->step = Call::Step::kFinishing;
        call->writer->Finish(reply_, grpc::Status::OK, call);
      }
    }
  }

 private:
  void Post() {
    if (free_.empty()) {
      calls_.push_back(std::make_unique<Call>());
      free_.push_back(calls_.back().get());
    }
    Call* call = free_.back();
    free_.pop_back();
    call->step = Call::Step::kPosted;
    call->writer.reset();
    call->context.emplace();
    call->writer.emplace(&*call->context);
    service_.RequestModelInfer(&*call->context, &call->request, &*call->writer, queue_.get(), queue_.get(), call);
  }

  const inference::ModelInferResponse reply_;
  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<Call*> free_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: echo_server ADDRESS\n");
    return 2;
  }
  EchoServer server(argv[1]);
  if (server.port() == 0) {
    std::fprintf(stderr, "echo_server: cannot listen on %s\n", argv[1]);
    return 75;
  }
  std::printf("listening on %d\n", server.port());
  std::fflush(stdout);
  server.Serve();
}
