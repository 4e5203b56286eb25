#include "server/rpc/grpc_server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "server/base/text.h"

namespace driftserve {
namespace {

// For answers on their way and connections to end in good order, once every call has been answered.
constexpr auto kFarewell = std::chrono::seconds(1);

void SetLimits(const GrpcConfig& config, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(config.max_message_bytes));
  builder.SetMaxSendMessageSize(-1);
  // gRPC decompresses a message whole before it measures it: a few megabytes of gzip can hold gigabytes.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, config.max_streams_per_connection);
  // With it on, two servers could share a port without a word.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota("driftserve");
  quota.Resize(static_cast<size_t>(config.max_transport_bytes));
  builder.SetResourceQuota(quota);
  // Metadata and health need few threads; inference needs none of them.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

/// Loading the reflection library registers it with every server of the process: turning it off takes it out again.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [](const std::unique_ptr<grpc::ServerBuilderPlugin>& plugin) {
      return dynamic_cast<grpc::reflection::ProtoServerReflectionPlugin*>(plugin.get()) != nullptr;
    });
  }
};

ServiceSources Completed(ServiceSources sources, const PollerSettings& settings, const HealthBoard* health) {
  sources.registry = settings.registry;
  sources.state = settings.state;
  sources.health = health;
  sources.clock = settings.clock;
  return sources;
}

}  // namespace

GrpcServer::GrpcServer(const GrpcConfig& config, const PollerSettings& settings, HealthBoard* health,
                       ServiceSources sources)
    : config_(config),
      settings_(settings),
      health_board_(health),
      inference_(Completed(std::move(sources), settings, health)) {}

GrpcServer::~GrpcServer() { Shutdown(0); }

absl::Status GrpcServer::Build() {
  google::protobuf::SetLogHandler(nullptr);  // a line to standard error for every text of a client's that is not UTF-8
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  if (!config_.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
  builder.AddListeningPort(config_.address, grpc::InsecureServerCredentials(), &port_);
  SetLimits(config_, builder);
  builder.RegisterService(&inference_);
  builder.RegisterService(&prediction_);
  builder.RegisterService(&health_);
  const size_t count =
      config_.pollers > 0 ? static_cast<size_t>(config_.pollers) : std::max(1u, std::thread::hardware_concurrency());
  for (size_t i = 0; i < count; ++i) {
    pollers_.push_back(std::make_unique<Poller>(i, builder.AddCompletionQueue(), settings_));
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return absl::UnavailableError(
        Concat("grpc.address: cannot listen on ", config_.address, "; is another server using it?"));
  }
  return absl::OkStatus();
}

absl::Status GrpcServer::Start() {
  if (absl::Status status = Build(); !status.ok()) return status;
  for (const auto& poller : pollers_) {
    calls_.push_back(MakeServingCalls(poller.get(), &inference_, &prediction_, config_.max_requests_per_stream));
    calls_.back()->Post(config_.posted_calls);
    PostHealthCalls(&health_, health_board_, poller.get());
    PostLabels(*poller);
    poller->Start();
  }
  return absl::OkStatus();
}

void GrpcServer::PostLabels(Poller& poller) {
  auto labels = std::make_unique<LabelCallSettings>();
  labels->poller = poller.index();
  labels->clock = settings_.clock;
  labels->registry = settings_.registry;
  labels->state = settings_.state;
  labels->unknown = settings_.unknown;
  labels->inbox = settings_.labels;
  labels->access = poller.access();
  if (settings_.labels != nullptr) labels->producer = settings_.labels->AddProducer();
  label_calls_.push_back(std::move(labels));
  PostLabelCall(&prediction_, label_calls_.back().get(), &poller);
}

/// Until gRPC accepts no more calls, and those that it gave us have been answered.
void GrpcServer::WaitForCalls() {
  std::vector<std::future<void>> idle;
  for (const auto& poller : pollers_) {
    auto promise = std::make_shared<std::promise<void>>();
    idle.push_back(promise->get_future());
    poller->Execute([promise, poller = poller.get()] { poller->WhenIdle([promise] { promise->set_value(); }); });
  }
  for (std::future<void>& future : idle) future.wait();
}

void GrpcServer::Shutdown(int64_t budget_ms) {
  if (server_ == nullptr) return;
  health_board_->Close();
  for (size_t i = 0; i < calls_.size(); ++i) {
    pollers_[i]->Execute([calls = calls_[i].get()] { calls->EndStreams(); });
  }
  const std::chrono::nanoseconds deadline(settings_.clock->UnixNanos() + budget_ms * 1'000'000);
  std::future<void> done = std::async(std::launch::async, [this, deadline] {
    server_->Shutdown(std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(deadline)));
  });
  WaitForCalls();
  // What is left are calls that it holds and will give to nobody: their message was not whole when it shut down.
  if (done.wait_for(kFarewell) != std::future_status::ready) grpc_server_cancel_all_calls(server_->c_server());
  done.wait();
  for (const auto& poller : pollers_) poller->queue()->Shutdown();
  for (const auto& poller : pollers_) poller->Join();
  calls_.clear();
  label_calls_.clear();
  server_.reset();
}

}  // namespace driftserve
