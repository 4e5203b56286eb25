#include "server/rpc/label_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "tests/fakes/fake_clock.h"

namespace driftserve {
namespace {

using testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000'000;

class LabelCallsTest : public ::testing::Test {
 protected:
  LabelCallsTest() {
    model_->settings.name = "m";
    model_->version_text = "1";
    model_->reference = std::make_shared<drift::Reference>();
    model_->monitor.labels = drift::LabelSettings{.name = "late", .prediction = "p"};
    WatchedModelSettings settings;
    settings.name = "m";
    model_->watched = std::make_shared<WatchedModel>(
        std::move(settings), std::make_unique<SamplingRule>(std::vector<StratumRate>{}, 1.0, 1, 1), 1);
    auto models = std::make_shared<ModelSet>();
    models->models["m"][1] = model_;
    registry_.Publish(std::move(models));
    state_.SetReady(true);
    settings_ = {0, &clock_, &registry_, &state_, &unknown_, &inbox_, inbox_.AddProducer()};
    request_.set_model_name("m");
  }

  v1::Label& Add(const std::string& id = "a") {
    v1::Label& label = *request_.add_labels();
    label.set_request_id(id);
    label.set_number(1);
    return label;
  }
  grpc::Status Report() { return ReportLabels(settings_, request_, response_ = {}, answered_ = {}); }
  void ExpectInvalid(const std::string& text) {
    const grpc::Status status = Report();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(text));
    EXPECT_EQ(settings_.producer->Take(), nullptr);
  }
  uint64_t Count(LabelOutcome outcome) const { return model_->watched->labels().Read(outcome); }

  FakeClock clock_;
  Registry registry_;
  ServerState state_;
  ServingCounters unknown_{1};
  LabelInbox inbox_;
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
  LabelCallSettings settings_;
  v1::ReportLabelsRequest request_;
  v1::ReportLabelsResponse response_;
  AccessEntry answered_;
};

TEST_F(LabelCallsTest, HandsLabelsToTheObserver) {
  v1::Label& label = Add();
  label.set_row(3);
  label.mutable_observed_at()->set_seconds(1'600'000'000);
  label.mutable_observed_at()->set_nanos(5);
  Add("b").set_text("yes");
  ASSERT_TRUE(Report().ok());
  EXPECT_EQ(response_.accepted(), 2u);
  EXPECT_EQ(response_.first_refused(), "");
  const auto report = settings_.producer->Take();
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->model, model_->watched);
  EXPECT_EQ(report->received_ns, FakeClock::kStartUnixNanos);
  ASSERT_EQ(report->labels.size(), 2u);
  EXPECT_EQ(report->labels[0].request_id, "a");
  EXPECT_EQ(report->labels[0].row, 3u);
  EXPECT_EQ(std::get<double>(report->labels[0].value), 1);
  EXPECT_EQ(report->labels[0].observed_ns, 1'600'000'000 * kSecond + 5);
  EXPECT_EQ(std::get<std::string>(report->labels[1].value), "yes");
  EXPECT_EQ(model_->counters.slot(0).requests[static_cast<size_t>(Method::kReportLabels)][0].Read(), 1u);
}

TEST_F(LabelCallsTest, RefusesOneByOneWhatIsOfAnotherTypeOrFromTheFuture) {
  model_->monitor.labels->kind = drift::Kind::kNumeric;
  Add();
  Add("b").set_text("yes");
  Add("c").mutable_observed_at()->set_seconds(clock_.UnixNanos() / kSecond + 61);
  Add("d").mutable_observed_at()->set_seconds(clock_.UnixNanos() / kSecond + 59);  // a clock may be a little off
  ASSERT_TRUE(Report().ok());
  EXPECT_EQ(response_.accepted(), 2u);
  EXPECT_EQ(response_.wrong_type(), 1u);
  EXPECT_EQ(response_.from_future(), 1u);
  EXPECT_EQ(response_.first_refused(), "labels[1]: expected a number, got a text");
  EXPECT_EQ(Count(LabelOutcome::kWrongType), 1u);
  EXPECT_EQ(Count(LabelOutcome::kFromFuture), 1u);
  EXPECT_EQ(settings_.producer->Take()->labels.size(), 2u);
}

TEST_F(LabelCallsTest, TheAccessLogIsToldWhatWasAnswered) {
  Add();
  Add("b");
  ASSERT_TRUE(Report().ok());
  EXPECT_STREQ(answered_.method, "ReportLabels");
  EXPECT_EQ(answered_.code, absl::StatusCode::kOk);
  EXPECT_EQ(answered_.model_name, "m");
  EXPECT_EQ(answered_.model_version, "1");
  EXPECT_EQ(answered_.rows, 2);
  request_.set_model_name("other");
  EXPECT_FALSE(Report().ok());
  EXPECT_EQ(answered_.code, absl::StatusCode::kNotFound);
  EXPECT_EQ(answered_.model_name, "other");
  EXPECT_EQ(answered_.model_version, "");
}

TEST_F(LabelCallsTest, TheReferenceSaysWhetherLabelsAreNumbersOrTexts) {
  auto reference = std::make_shared<drift::Reference>();
  drift::FeatureReference& label = reference->features.emplace_back();
  label.name = "late";
  label.role = drift::Role::kLabel;
  label.dtype = drift::Dtype::kText;
  model_->reference = reference;
  Add();
  ASSERT_TRUE(Report().ok());
  EXPECT_EQ(response_.accepted(), 0u);
  EXPECT_EQ(response_.first_refused(), "labels[0]: expected a text, got a number");
}

TEST_F(LabelCallsTest, AMalformedRequestNamesLabelAndField) {
  ExpectInvalid("labels: expected 1 to 10000, got 0");
  Add();
  Add("");
  ExpectInvalid("labels[1].request_id: expected the id of a prediction, got none");
  request_.mutable_labels(1)->set_request_id(std::string(kMostIdBytes + 1, 'x'));
  ExpectInvalid("labels[1].request_id: expected at most 1024 bytes, got 1025");
  request_.mutable_labels(1)->set_request_id("b");
  request_.mutable_labels(1)->clear_label();
  ExpectInvalid("labels[1].label: expected number or text, got neither");
  request_.mutable_labels(1)->set_number(std::numeric_limits<double>::quiet_NaN());
  ExpectInvalid("labels[1].number: expected a finite number");
  request_.mutable_labels(1)->set_text(std::string(kMostLabelBytes + 1, 'x'));
  ExpectInvalid("labels[1].text: expected at most 256 bytes, got 257");
  request_.mutable_labels(1)->set_number(1);
  request_.mutable_labels(1)->mutable_observed_at()->set_seconds(std::numeric_limits<int64_t>::min());
  ExpectInvalid("labels[1].observed_at");
  request_.mutable_labels(1)->mutable_observed_at()->set_seconds(0);
  request_.mutable_labels(1)->mutable_observed_at()->set_nanos(-1);
  ExpectInvalid("labels[1].observed_at");
  for (int i = 0; i < kMostLabels; ++i) Add();
  ExpectInvalid("labels: expected 1 to 10000, got 10002");
}

TEST_F(LabelCallsTest, NoSuchModelAndNoSuchLabelsAreCountedApart) {
  Add();
  request_.set_model_name("other");
  EXPECT_EQ(Report().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(inbox_.unknown_model.Read(), 1u);
  EXPECT_EQ(unknown_.slot(0).requests[static_cast<size_t>(Method::kReportLabels)][5].Read(), 1u);
  state_.SetReady(false);
  EXPECT_EQ(Report().error_code(), grpc::StatusCode::UNAVAILABLE) << "it may still come";
  request_.set_model_name("m");
  model_->monitor.labels.reset();
  EXPECT_EQ(Report().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(inbox_.undeclared.Read(), 1u);
}

TEST_F(LabelCallsTest, WhileTheNewestIsACanaryLabelsGoToTheVersionThatAnswered) {
  auto canary = std::make_shared<Model>();
  canary->settings.name = "m";
  canary->version = 2;
  canary->reference = model_->reference;
  canary->monitor = model_->monitor;
  canary->settings.canary_share = 0.5;
  WatchedModelSettings settings;
  settings.name = "m";
  canary->watched = std::make_shared<WatchedModel>(
      std::move(settings), std::make_unique<SamplingRule>(std::vector<StratumRate>{}, 1.0, 1, 1), 1);
  auto models = std::make_shared<ModelSet>();
  models->models["m"] = {{1, model_}, {2, canary}};
  registry_.Publish(models);
  for (int i = 0; i < 100; ++i) Add(std::to_string(i));
  Add("late").mutable_observed_at()->set_seconds(4'000'000'000);
  ASSERT_TRUE(Report().ok());
  EXPECT_EQ(response_.accepted(), 100u);
  EXPECT_EQ(response_.from_future(), 1u);
  EXPECT_EQ(Count(LabelOutcome::kFromFuture) + canary->watched->labels().Read(LabelOutcome::kFromFuture), 1u);
  size_t taken = 0;
  for (int version = 0; version < 2; ++version) {
    const auto report = settings_.producer->Take();
    ASSERT_NE(report, nullptr);
    taken += report->labels.size();
    for (const ReportedLabel& label : report->labels) {
      EXPECT_EQ((*models->Choose("m", label.request_id))->watched, report->model);
    }
  }
  EXPECT_EQ(taken, 100u);
}

TEST_F(LabelCallsTest, AFullQueueRefusesTheWholeRequestAndCountsIt) {
  Add();
  for (size_t i = 0; i < LabelInboxLimits().reports; ++i) ASSERT_TRUE(Report().ok());
  Add("b");
  const grpc::Status status = Report();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Count(LabelOutcome::kDropped), 2u);
  settings_.producer->Take();
  EXPECT_TRUE(Report().ok());
}

}  // namespace
}  // namespace driftserve
