#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>

#include "server/base/text.h"
#include "server/batch/instance_pool.h"
#include "server/rpc/grpc_server.h"
#include "tests/fakes/fake_inference.h"

namespace driftserve {

/// Answers what it is told, and remembers what it was asked.
class FakeControl : public ModelControl {
 public:
  absl::Status Load(const std::string& name, LoadOverrides sent, const Gone&) override {
    loaded.push_back(name);
    overrides = std::move(sent);
    return answer;
  }
  absl::Status Unload(const std::string& name, const Gone&) override {
    unloaded.push_back(name);
    return answer;
  }
  std::vector<VersionState> Index() const override { return index; }
  bool by_request() const override { return explicit_; }

  std::vector<std::string> loaded, unloaded;
  LoadOverrides overrides;
  std::vector<VersionState> index;
  absl::Status answer;
  bool explicit_ = true;
};

/// A whole gRPC server on a port of its own, on the machine's clock, with a model "double" that doubles one float.
class TestServer {
 public:
  explicit TestServer(int64_t max_pending_requests = 100, bool watched = false, int max_requests_per_stream = 100,
                      absl::StatusOr<std::shared_ptr<DeviceMemory>> devices = absl::UnimplementedError("no GPU"))
      : regions(std::move(devices)), admission(max_pending_requests, 1 << 20), tap_({16, 1 << 20}), unknown(1) {
    GrpcConfig config;
    config.address = "127.0.0.1:0";
    config.pollers = 1;
    config.posted_calls = 8;
    config.max_requests_per_stream = max_requests_per_stream;
    config.max_message_bytes = 1 << 16;
    PollerSettings settings;
    settings.clock = &Clock::System();
    settings.registry = &registry;
    settings.state = &state;
    settings.admission = &admission;
    settings.tap = &tap_;
    settings.unknown = &unknown;
    settings.boot_id = 7;
    settings.limits.regions = &regions;
    settings.device_fault = [this](const std::string&, const absl::Status&) { ++device_faults; };
    ServiceSources sources;
    sources.regions = &regions;
    sources.log_filter = &log_filter;
    sources.control = &control;
    sources.version = "test";
    server = std::make_unique<GrpcServer>(config, settings, &health, std::move(sources));
    model = MakeModel(watched);
  }
  ~TestServer() {
    server->Shutdown(1000);
    if (pool != nullptr) pool->Stop();
  }

  std::shared_ptr<Model> MakeModel(bool watched) {
    auto made = std::make_shared<Model>();
    made->settings.name = "double";
    made->settings.platform = "pytorch_libtorch";
    made->settings.max_batch_size = 8;
    made->settings.inputs = {{"x", DataType::kFp32, {1}}};
    made->settings.outputs = {{"y", DataType::kFp32, {1}}};
    made->version = 1;
    made->version_text = "1";
    made->columns = {{"x", 0, 0}};
    made->run_inline = true;
    auto graph_owner = std::make_unique<DoublingGraph>();
    graph = graph_owner.get();
    made->poller_graphs.push_back(std::move(graph_owner));
    if (watched) {
      std::vector<StratumRate> strata = {{"vip", 1.0}};
      WatchedModelSettings watched_settings;
      watched_settings.name = "double";
      watched_settings.stratum_source = StratumSource::kParameter;
      watched_settings.stratum_name = "tier";
      made->watched = std::make_shared<WatchedModel>(std::move(watched_settings),
                                                     std::make_unique<SamplingRule>(strata, 0.0, 1, 1), 1);
    }
    return made;
  }

  /// Requests run on a thread of their own instead of the poller.
  void UseInstance() {
    model->run_inline = false;
    model->instance_graphs = std::move(model->poller_graphs);
    pool = std::make_shared<InstancePool>(model.get(), &Clock::System(), [this](size_t) {
      ServingThread thread;
      thread.clock = &Clock::System();
      thread.admission = &admission;
      thread.tap = tap_.AddProducer();
      thread.device_fault = [this](const std::string&, const absl::Status&) { ++device_faults; };
      thread.reclaim = [](std::unique_ptr<SampleOwner>) {};
      return thread;
    });
    ASSERT_TRUE(pool->Start().ok());
    model->queue = pool;
  }

  void Start() {
    auto models = std::make_shared<ModelSet>();
    models->models["double"][1] = model;
    registry.Publish(std::move(models));
    const absl::Status status = server->Start();
    ASSERT_TRUE(status.ok()) << status;
    state.SetReady(true);
    health.Set("", true);
    health.Set("double", true);
  }

  std::shared_ptr<grpc::Channel> Channel() {
    return grpc::CreateChannel(Concat("127.0.0.1:", server->port()), grpc::InsecureChannelCredentials());
  }

  /// Returns when the poller has handled every event that was on its queue.
  void WaitForPoller() {
    std::promise<void> reached;
    server->pollers()[0]->Execute([&reached] { reached.set_value(); });
    reached.get_future().wait();
  }

  std::unique_ptr<Sample> Sampled() {
    for (TapProducer* producer : tap_.producers()) {
      if (std::unique_ptr<Sample> sample = producer->Take()) return sample;
    }
    return nullptr;
  }

  Registry registry;
  ServerState state;
  HealthBoard health;
  SharedRegions regions;
  LogFilter log_filter;
  FakeControl control;
  Admission admission;
  Tap tap_;
  ServingCounters unknown;
  std::atomic<int> device_faults = 0;
  std::shared_ptr<Model> model;
  DoublingGraph* graph = nullptr;
  std::shared_ptr<InstancePool> pool;
  std::unique_ptr<GrpcServer> server;
};

}  // namespace driftserve
