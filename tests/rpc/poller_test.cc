#include "server/rpc/poller.h"

#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_inference.h"

namespace driftserve {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

/// A request of one row, for a model of TestPoller's, without a call.
class LocalRequest final : public RpcInference {
 public:
  LocalRequest(std::string name, int64_t timeout_us, size_t byte_size, std::vector<absl::Status>* replies)
      : name_(std::move(name)), timeout_us_(timeout_us), byte_size_(byte_size), replies_(replies) {}

  absl::Status Decode(const DecodeLimits&) override {
    decoded.inputs.push_back({DataType::kFp32, {1, 1}, reinterpret_cast<const char*>(&value_), sizeof(value_)});
    decoded.byte_size = byte_size_;
    decoded.timeout_us = timeout_us_;
    return absl::OkStatus();
  }
  absl::Status Encode(const TensorList&, int64_t) override { return absl::OkStatus(); }
  void Send(const absl::Status& status) override { replies_->push_back(status); }

  const std::string& model_name() const override { return name_; }
  const std::string& model_version() const override { return empty_; }
  const std::string& client_request_id() const override { return empty_; }
  std::string ParameterNamed(const std::string&) const override { return {}; }
  std::string MetadataNamed(const std::string&) const override { return {}; }
  int64_t CallerDeadlineNanos() const override { return kNoDeadline; }
  bool worth_keeping() const override { return false; }
  bool Cancelled() const override { return false; }
  std::string Traceparent() const override { return {}; }
  std::string Peer() const override { return {}; }

 private:
  const std::string name_, empty_;
  const int64_t timeout_us_;
  const size_t byte_size_;  // as if it were so large
  const float value_ = 1;
  std::vector<absl::Status>* const replies_;
};

/// A poller with the models "flooded" and "other", on a clock that stands still. What is accepted by one call of
/// Accept waits together: the poller turns to it when the call is over.
class PollerTest : public testing::Test {
 protected:
  void Start(int64_t max_pending_requests = 100) {
    admission_ = std::make_unique<Admission>(max_pending_requests, 1 << 20);
    auto set = std::make_shared<ModelSet>();
    for (const auto& [name, model] : models_) set->models[name][1] = model;
    registry_.Publish(std::move(set));
    grpc::ServerBuilder builder;
    auto queue = builder.AddCompletionQueue();
    grpc_ = builder.BuildAndStart();
    PollerSettings settings;
    settings.clock = &clock_;
    settings.registry = &registry_;
    settings.state = &state_;
    settings.admission = admission_.get();
    settings.tap = &tap_;
    settings.unknown = &unknown_;
    poller_ = std::make_unique<Poller>(0, std::move(queue), settings);
    poller_->SetReclaim([](std::unique_ptr<SampleOwner>) {});
    poller_->Start();
  }
  /// Runs all that was accepted, and ends the poller.
  void Finish() {
    grpc_->Shutdown();
    poller_->queue()->Shutdown();
    poller_->Join();
  }

  void Accept(const std::string& model, int count = 1, int64_t timeout_us = 0, size_t byte_size = 4) {
    for (int i = 0; i < count; ++i) {
      poller_->Accept(std::make_unique<LocalRequest>(model, timeout_us, byte_size, &replies_[model]));
    }
  }

  std::shared_ptr<Model> MakeModel(const std::string& name) {
    auto model = std::make_shared<Model>();
    model->settings.name = name;
    model->settings.max_batch_size = 8;
    model->version = 1;
    model->version_text = "1";
    model->run_inline = true;
    auto graph = std::make_unique<DoublingGraph>();
    graph->before_run = [this, name] { runs_.push_back(name); };
    model->poller_graphs.push_back(std::move(graph));
    return model;
  }

  uint64_t Refused(const std::string& model, Refusal refusal) {
    return models_[model]->counters.slot(0).refused[static_cast<size_t>(refusal)].Read();
  }

  FakeClock clock_;
  Registry registry_;
  ServerState state_;
  Tap tap_{{16, 1 << 20}};
  ServingCounters unknown_{1};
  std::vector<std::string> runs_;
  std::map<std::string, std::vector<absl::Status>> replies_;
  std::map<std::string, std::shared_ptr<Model>> models_ = {{"flooded", MakeModel("flooded")},
                                                           {"other", MakeModel("other")}};
  std::unique_ptr<Admission> admission_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<Poller> poller_;
};

TEST_F(PollerTest, AFloodOfOneModelLeavesAnotherItsTurn) {
  Start();
  poller_->Execute([this] {
    Accept("flooded", 40);
    Accept("other");
  });
  Finish();
  EXPECT_THAT(runs_, ElementsAre("flooded", "other", "flooded", "flooded", "flooded", "flooded"));
}

TEST_F(PollerTest, LargeRequestsOfAQuickModelRunOneByOne) {
  models_["flooded"]->settings.buckets = models_["other"]->settings.buckets = {1, 8};
  models_["flooded"]->bucket_ns = {20'000, 30'000};
  models_["other"]->bucket_ns = {2'000'000, 3'000'000};
  Start();
  poller_->Execute([this] {
    Accept("flooded", 3, 0, 100'000);
    Accept("other", 3, 0, 100'000);
  });
  Finish();
  EXPECT_EQ(std::count(runs_.begin(), runs_.end(), "flooded"), 3);
  EXPECT_EQ(std::count(runs_.begin(), runs_.end(), "other"), 1) << "a batch of it spares more than its copy takes";
  EXPECT_THAT(replies_["flooded"], SizeIs(3));
  EXPECT_EQ(models_["flooded"]->counters.slot(0).waiting_rows, 0);
}

TEST_F(PollerTest, APreferredSizeIsKeptToHoweverLargeTheRequests) {
  models_["flooded"]->settings.buckets = {1, 2, 8};
  models_["flooded"]->settings.preferred_sizes = {2};
  models_["flooded"]->bucket_ns = {20'000, 30'000, 40'000};
  Start();
  poller_->Execute([this] { Accept("flooded", 4, 0, 100'000); });
  Finish();
  EXPECT_EQ(runs_.size(), 2u);
}

TEST_F(PollerTest, AFloodOfOneModelLeavesAnotherRoom) {
  Start(20);
  poller_->Execute([this] {
    Accept("flooded", 50);
    Accept("other", 5);
  });
  Finish();
  EXPECT_EQ(Refused("flooded", Refusal::kModelShare), 40u);
  EXPECT_EQ(replies_["flooded"][0].code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(replies_["other"], Each(absl::OkStatus()));
  EXPECT_EQ(admission_->pending_requests(), 0);
  EXPECT_EQ(models_["flooded"]->holding.requests, 0);
}

TEST_F(PollerTest, AModelAloneMayTakeAllThereIs) {
  models_.erase("other");
  Start(20);
  poller_->Execute([this] { Accept("flooded", 50); });
  Finish();
  EXPECT_EQ(Refused("flooded", Refusal::kServerFull), 30u);
}

TEST_F(PollerTest, AModelsOwnBoundHoldsOnThePollersToo) {
  models_["flooded"]->settings.levels[0].max_queue_size = 3;
  Start();
  poller_->Execute([this] { Accept("flooded", 5); });
  Finish();
  EXPECT_EQ(Refused("flooded", Refusal::kQueueFull), 2u);
}

TEST_F(PollerTest, TheShorterOfTheRequestsAndTheModelsTimeoutHolds) {
  models_["flooded"]->settings.levels[0].default_timeout_us = 100;
  Start();
  poller_->Execute([this] {
    Accept("flooded", 1, 200);
    Accept("flooded", 1);
    Accept("other", 1, 200);
    Accept("other", 1, 50);
    Accept("other", 1);
    clock_.Advance(150'000);
  });
  Finish();
  EXPECT_EQ(Refused("flooded", Refusal::kExpired), 2u) << "a request cannot ask for more than the model's limit";
  EXPECT_EQ(Refused("other", Refusal::kExpired), 1u) << "one's own timeout holds where the model has none";
  EXPECT_EQ(replies_["other"].size(), 3u);
}

TEST_F(PollerTest, ATimeoutThatTheModelCannotMeetIsRefusedAtOnce) {
  models_["other"]->settings.buckets = {8};
  models_["other"]->bucket_ns = {60'000};
  Start();
  poller_->Execute([this] {
    Accept("other", 1, 50);
    EXPECT_EQ(replies_["other"].size(), 1u);
    Accept("other", 1, 60);
  });
  Finish();
  EXPECT_EQ(Refused("other", Refusal::kHopeless), 1u);
  EXPECT_EQ(runs_.size(), 1u);
}

TEST_F(PollerTest, ATimeoutThatWhatWaitsBeforeDoesNotLeaveIsRefusedAtOnce) {
  models_["other"]->settings.buckets = {8};
  models_["other"]->bucket_ns = {60'000};
  Start();
  poller_->Execute([this] {
    Accept("flooded", 80);
    Accept("other", 8);
    Accept("other", 1, 119);
    EXPECT_EQ(replies_["other"].size(), 1u) << "a batch of 60, and then its own";
    Accept("other", 1, 120);
  });
  Finish();
  EXPECT_EQ(Refused("other", Refusal::kHopeless), 1u) << "another model's flood does not count: models take turns";
  EXPECT_EQ(models_["other"]->counters.slot(0).waiting_rows, 0);
}

}  // namespace
}  // namespace driftserve
