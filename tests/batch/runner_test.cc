#include "server/batch/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/device_fault.h"
#include "server/base/text.h"
#include "server/tap/copy_rows.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_inference.h"

namespace driftserve {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() : tap_({4, 1 << 20}), producer_(tap_.AddProducer()) {
    model_->settings.name = "m";
    model_->settings.max_batch_size = 8;
    UseAccessLog(nullptr);
  }

  void UseAccessLog(AccessLogProducer* access, bool accepts = true) {
    ServingThread thread;
    thread.access = access;
    thread.clock = &clock_;
    thread.admission = &admission_;
    thread.tap = producer_;
    thread.boot_id = 5;
    thread.accepts = accepts;
    thread.device_fault = [this](const std::string& model, const absl::Status& fault) {
      faults_.push_back(Concat(model, ": ", fault.message()));
    };
    thread.reclaim = [this](std::unique_ptr<SampleOwner> spent) { spent_.push_back(std::move(spent)); };
    runner_ = std::make_unique<BatchRunner>(std::move(thread));
  }

  FakeInference* Add(std::vector<float> values) {
    auto inference = std::make_unique<FakeInference>(model_, std::move(values),
                                                     [this](FakeReply reply) { replies_.push_back(std::move(reply)); });
    inference->accepted_ns = clock_.MonotonicNanos();
    inference->time_ns = clock_.UnixNanos();
    inference->sequence = ++sequence_;
    EXPECT_FALSE(admission_.Admit(inference->decoded.byte_size, model_->holding, true));
    FakeInference* const raw = inference.get();
    batch_.push_back(std::move(inference));
    return raw;
  }

  void Run() {
    runner_->Run(graph_, absl::MakeSpan(batch_));
    batch_.clear();
  }

  void Watch(double rate) {
    std::vector<StratumRate> strata;
    model_->watched =
        std::make_shared<WatchedModel>(WatchedModelSettings(), std::make_unique<SamplingRule>(strata, rate, 1, 1), 1);
  }

  uint64_t Refused(Refusal refusal) {
    return model_->counters.slot(0).refused[static_cast<size_t>(refusal)].Read();
  }

  uint64_t Counted(absl::StatusCode code) {
    return model_->counters.slot(0).requests[0][static_cast<size_t>(code)].Read();
  }

  FakeClock clock_;
  Admission admission_{100, 1 << 20};
  Tap tap_;
  TapProducer* producer_;
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
  DoublingGraph graph_;
  std::unique_ptr<BatchRunner> runner_;
  std::vector<std::unique_ptr<Inference>> batch_;
  std::vector<FakeReply> replies_;
  std::vector<std::unique_ptr<SampleOwner>> spent_;
  std::vector<std::string> faults_;
  uint64_t sequence_ = 0;
};

TEST_F(RunnerTest, RunsAllAsOneBatchAndGivesEachItsRows) {
  Add({1, 2});
  Add({3});
  Run();
  EXPECT_THAT(graph_.batches, ElementsAre(3));
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_THAT(replies_[0].outputs, ElementsAre(2, 4));
  EXPECT_THAT(replies_[1].outputs, ElementsAre(6));
  EXPECT_EQ(Counted(absl::StatusCode::kOk), 2u);
  EXPECT_EQ(spent_.size(), 2u) << "messages come back for use again";
  EXPECT_EQ(admission_.pending_requests(), 0);
  EXPECT_EQ(admission_.pending_bytes(), 0);
}

TEST_F(RunnerTest, ExpiredAndCancelledRequestsNeverRun) {
  Add({1})->deadline_ns = clock_.MonotonicNanos() - 1;
  Add({2})->cancelled = true;
  Add({3});
  Run();
  EXPECT_THAT(graph_.batches, ElementsAre(1));
  EXPECT_EQ(Counted(absl::StatusCode::kDeadlineExceeded), 1u);
  EXPECT_EQ(Counted(absl::StatusCode::kCancelled), 1u);
  EXPECT_EQ(Counted(absl::StatusCode::kOk), 1u);
  EXPECT_EQ(admission_.pending_requests(), 0) << "they held a place too";
  EXPECT_EQ(model_->holding.requests, 0);
  EXPECT_EQ(Refused(Refusal::kExpired), 1u);
  EXPECT_EQ(Refused(Refusal::kCancelled), 1u);
}

TEST_F(RunnerTest, ARequestThatCannotEndInTimeDoesNotRun) {
  model_->settings.buckets = {1, 8};
  model_->bucket_ns = {1'000, 5'000};
  Add({1, 2})->deadline_ns = clock_.MonotonicNanos() + 4'999;
  Add({3})->deadline_ns = clock_.MonotonicNanos() + 1'000;
  Run();
  EXPECT_THAT(graph_.batches, ElementsAre(1));
  EXPECT_EQ(Refused(Refusal::kHopeless), 1u);
  EXPECT_THAT(std::string(replies_[0].status.message()), HasSubstr("model 'm' takes about 5"));
}

TEST_F(RunnerTest, ABatchForWhichMemoryRanOutRunsOnceMoreInHalves) {
  graph_.failure = absl::ResourceExhaustedError("out of memory");
  graph_.before_run = [this] {
    if (graph_.batches.size() == 1) graph_.failure = absl::OkStatus();
  };
  for (int i = 0; i < 5; ++i) Add({static_cast<float>(i)});
  Run();
  EXPECT_THAT(graph_.batches, ElementsAre(5, 2, 3));
  ASSERT_EQ(replies_.size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(replies_[i].outputs, ElementsAre(2.0f * static_cast<float>(i)));
  EXPECT_EQ(Counted(absl::StatusCode::kOk), 5u);
  EXPECT_EQ(model_->counters.slot(0).halved_batches.Read(), 1u);
  EXPECT_EQ(spent_.size(), 5u);
  EXPECT_EQ(admission_.pending_requests(), 0);
}

TEST_F(RunnerTest, AHalfThatFailsAgainIsNotHalvedAgainAndFailsAlone) {
  graph_.before_run = [this] {
    graph_.failure = graph_.batches.size() < 2 ? absl::ResourceExhaustedError("out of memory") : absl::OkStatus();
  };
  for (int i = 0; i < 4; ++i) Add({static_cast<float>(i)});
  Run();
  EXPECT_THAT(graph_.batches, ElementsAre(4, 2, 2));
  EXPECT_EQ(Counted(absl::StatusCode::kResourceExhausted), 2u);
  EXPECT_EQ(Counted(absl::StatusCode::kOk), 2u);
  EXPECT_EQ(model_->counters.slot(0).halved_batches.Read(), 1u);
  EXPECT_TRUE(faults_.empty());
}

TEST_F(RunnerTest, ASingleRequestForWhichMemoryRanOutFails) {
  graph_.failure = absl::ResourceExhaustedError("out of memory");
  Add({1, 2, 3});
  Run();
  EXPECT_THAT(graph_.batches, ElementsAre(3));
  EXPECT_EQ(Counted(absl::StatusCode::kResourceExhausted), 1u);
  EXPECT_EQ(model_->counters.slot(0).halved_batches.Read(), 0u);
}

TEST_F(RunnerTest, ADeviceThatFailedForGoodIsReportedAndNotTriedAgain) {
  graph_.failure = DeviceFault("CUDA error: device-side assert triggered");
  Add({1});
  Add({2});
  Run();
  EXPECT_THAT(graph_.batches, ElementsAre(2));
  EXPECT_THAT(faults_, ElementsAre("m: CUDA error: device-side assert triggered"));
  EXPECT_EQ(Counted(absl::StatusCode::kUnavailable), 2u);
  EXPECT_EQ(model_->counters.slot(0).device_faults.Read(), 1u);
}

TEST_F(RunnerTest, ADeviceThatFailedInACopyForOneRequestIsReportedToo) {
  Add({1})->encode_failure = DeviceFault("output 'y': CUDA error: an illegal memory access was encountered");
  Add({2});
  Run();
  EXPECT_THAT(faults_, ElementsAre("m: output 'y': CUDA error: an illegal memory access was encountered"));
  EXPECT_EQ(Counted(absl::StatusCode::kUnavailable), 1u);
  EXPECT_EQ(Counted(absl::StatusCode::kOk), 1u);
  EXPECT_EQ(model_->counters.slot(0).device_faults.Read(), 1u);
}

TEST_F(RunnerTest, AnswersLeaveInTheOrderOfTheirTickets) {
  model_->reply_order = std::make_shared<ReplyOrder>();
  FakeInference* const first = Add({1});
  FakeInference* const second = Add({2});
  FakeInference* const third = Add({3});
  for (FakeInference* inference : {first, second, third}) inference->ticket = model_->reply_order->Issue();
  std::vector<std::unique_ptr<Inference>> early;
  early.push_back(std::move(batch_[2]));
  batch_.pop_back();
  runner_->Run(graph_, absl::MakeSpan(early));
  EXPECT_TRUE(replies_.empty()) << "those before it are not out";
  EXPECT_TRUE(spent_.empty());
  second->cancelled = true;
  Run();
  ASSERT_EQ(replies_.size(), 3u);
  EXPECT_EQ(replies_[0].status.code(), absl::StatusCode::kCancelled) << "a refusal holds nobody";
  EXPECT_THAT(replies_[1].outputs, ElementsAre(2));
  EXPECT_THAT(replies_[2].outputs, ElementsAre(6));
  EXPECT_EQ(spent_.size(), 3u);
}

TEST_F(RunnerTest, ARefusedRequestThatWasUsedBeforeHoldsNobody) {
  model_->reply_order = std::make_shared<ReplyOrder>();
  FakeInference* const first = Add({1});
  first->ticket = model_->reply_order->Issue();
  Run();
  first->Reset();
  first->model = model_;
  runner_->Refuse(std::unique_ptr<Inference>(static_cast<Inference*>(spent_[0].release())), Refusal::kQueueFull);
  Add({2})->ticket = model_->reply_order->Issue();
  Run();
  EXPECT_EQ(replies_.size(), 3u);
}

TEST_F(RunnerTest, AnOrderedBatchThatFailsHoldsNobodyEither) {
  model_->reply_order = std::make_shared<ReplyOrder>();
  Add({1})->ticket = model_->reply_order->Issue();
  graph_.failure = absl::InternalError("no");
  Run();
  graph_.failure = absl::OkStatus();
  Add({2})->ticket = model_->reply_order->Issue();
  Run();
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_THAT(replies_[1].outputs, ElementsAre(4));
}

TEST_F(RunnerTest, ABatchOfWhichNothingIsLeftDoesNotRun) {
  Add({1})->cancelled = true;
  Run();
  EXPECT_TRUE(graph_.batches.empty());
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(RunnerTest, AModelsFailureIsEveryCallersAndIsNotTapped) {
  Watch(1.0);
  graph_.failure = absl::InternalError("the model's own words");
  Add({1});
  Add({2});
  Run();
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[1].status.message(), "the model's own words");
  EXPECT_EQ(Counted(absl::StatusCode::kInternal), 2u);
  EXPECT_EQ(producer_->Take(), nullptr);
  EXPECT_EQ(model_->watched->seen().Total(0), 0u) << "only answered rows are seen";
}

TEST_F(RunnerTest, DurationsAreOfTheInjectedClock) {
  Add({1});
  clock_.Advance(1'000'000);
  graph_.before_run = [this] { clock_.Advance(2'000'000); };
  Run();
  const ServingSlot& slot = model_->counters.slot(0);
  EXPECT_EQ(slot.queue_duration.Sum(), 1'000'000u);
  EXPECT_EQ(slot.execute_duration.Sum(), 2'000'000u);
  EXPECT_EQ(slot.request_duration.Sum(), 3'000'000u);
  EXPECT_EQ(slot.batch_rows.Sum(), 1u);
}

TEST_F(RunnerTest, AnAnswerThatDoesNotFitIsItsCallersAloneAndIsNotTapped) {
  Watch(1.0);
  Add({1})->encode_failure = absl::InvalidArgumentError("does not fit");
  Add({2});
  Run();
  ASSERT_EQ(replies_.size(), 2u);
  EXPECT_EQ(replies_[0].status.message(), "does not fit");
  EXPECT_THAT(replies_[1].outputs, ElementsAre(4));
  EXPECT_EQ(Counted(absl::StatusCode::kInvalidArgument), 1u);
  EXPECT_EQ(Counted(absl::StatusCode::kOk), 1u);
  EXPECT_EQ(model_->watched->seen().Total(0), 1u);
}

TEST_F(RunnerTest, StatisticsAreOfBatchesThatSucceeded) {
  model_->counters = ServingCounters(1, 8);
  Add({1, 2});
  Add({3});
  clock_.Advance(1000);
  graph_.before_run = [this] { clock_.Advance(500); };
  Run();
  const ServingSlot& slot = model_->counters.slot(0);
  EXPECT_EQ(slot.queue_ns.Read(), 2000u);
  EXPECT_EQ(slot.infer_ns.Read(), 1000u) << "each of two requests waited for the whole batch";
  EXPECT_EQ(slot.batches[2].count.Read(), 1u);
  EXPECT_EQ(slot.batches[2].infer_ns.Read(), 500u);
  EXPECT_EQ(slot.last_end_ns.Read(), static_cast<uint64_t>(clock_.MonotonicNanos()));

  graph_.failure = absl::InternalError("no");
  Add({4});
  Run();
  EXPECT_EQ(slot.infer_ns.Read(), 1000u);
  EXPECT_EQ(slot.batches[0].count.Read(), 0u);
  EXPECT_EQ(slot.failed_ns.Read(), 500u);
}

TEST_F(RunnerTest, ARunThatIsGoingIsSeenFromOutside) {
  const ServingSlot& slot = model_->counters.slot(0);
  uint64_t seen = 0;
  graph_.before_run = [&] { seen = slot.running_since_ns.Read(); };
  graph_.failure = absl::InternalError("no");
  Add({1});
  clock_.Advance(7000);
  Run();
  EXPECT_EQ(seen, static_cast<uint64_t>(clock_.MonotonicNanos()));
  EXPECT_EQ(slot.running_since_ns.Read(), 0u) << "though it failed";
}

TEST_F(RunnerTest, AnsweredAndRefusedRequestsAreLogged) {
  AccessLogSettings settings;
  settings.rate = 1;
  settings.slow_ns = 12'000;
  std::string lines;
  AccessLog log(settings, [&](const std::string& text) {
    lines += text;
    return true;
  });
  UseAccessLog(log.AddProducer());
  Watch(0);
  Add({1, 2})->request_id = "answered";
  Add({3})->cancelled = true;
  clock_.Advance(7000);
  graph_.before_run = [this] { clock_.Advance(5000); };
  Run();
  log.WriteWaiting();
  EXPECT_THAT(lines, AllOf(HasSubstr(R"("code":"CANCELLED")"),
                           HasSubstr(R"("request_id":"answered","peer":"ipv4:192.0.2.1:7","stratum":"default",)"
                                     R"("rows":2,"queue_us":7,"execute_us":5,"total_us":12,"slow":true})")));
}

TEST_F(RunnerTest, ALargeKeptRequestTravelsOnWithItsMessages) {
  Watch(1.0);
  Add(std::vector<float>(kSmallSampleBytes, 2));
  Run();
  EXPECT_EQ(spent_.size(), 0u);
  std::unique_ptr<Sample> sample = producer_->Take();
  ASSERT_NE(sample, nullptr);
  EXPECT_EQ(sample->rows.size(), kSmallSampleBytes);
  EXPECT_EQ(sample->traceparent, "00-trace");
  EXPECT_EQ(reinterpret_cast<const float*>(sample->outputs[0].bytes)[1], 4.0f);
  EXPECT_NE(sample->owner, nullptr);
  EXPECT_EQ(model_->watched->seen().Total(0), kSmallSampleBytes);

  producer_->Return(std::move(sample));
  Add({2});
  Run();
  EXPECT_EQ(spent_.size(), 2u) << "the first request's messages too, by way of the recycled sample";
}

TEST_F(RunnerTest, OfASmallKeptRequestACopyTravelsOn) {
  Watch(1.0);
  Add({1, 2});
  Run();
  EXPECT_EQ(spent_.size(), 1u) << "the messages stay with their thread";
  spent_.clear();
  std::unique_ptr<Sample> sample = producer_->Take();
  ASSERT_NE(sample, nullptr);
  EXPECT_EQ(sample->owner, nullptr);
  EXPECT_EQ(sample->rows.size(), 2u);
  EXPECT_EQ(reinterpret_cast<const float*>(sample->inputs[0].bytes)[1], 2.0f);
  EXPECT_EQ(reinterpret_cast<const float*>(sample->outputs[0].bytes)[1], 4.0f);
}

// The address sanitizer would tell.
TEST_F(RunnerTest, TheLastRequestOfAModelKeepsItUntilItsRowsAreCounted) {
  for (const size_t rows : {size_t{1}, kSmallSampleBytes}) {
    model_ = std::make_shared<Model>();
    model_->settings.max_batch_size = 8;
    Watch(1.0);
    const std::weak_ptr<Model> last = model_;
    Add(std::vector<float>(rows, 1));
    model_.reset();
    Run();
    spent_.clear();  // where the rows were copied, the messages hold it until they are used again
    EXPECT_TRUE(last.expired());
    EXPECT_EQ(producer_->Take()->rows.size(), rows);
  }
}

// There the accepting thread may have ended the call, and begun another, before the sample is made.
TEST_F(RunnerTest, AThreadThatDoesNotAcceptReadsNothingOfTheCallAfterTheReply) {
  UseAccessLog(nullptr, false);
  Watch(1.0);
  for (const std::string trace : {"00-trace", ""}) {
    FakeInference* const inference = Add({1});
    inference->trace = trace;
    Run();
    std::unique_ptr<Sample> sample = producer_->Take();
    ASSERT_NE(sample, nullptr);
    EXPECT_EQ(sample->traceparent, trace);
    EXPECT_EQ(inference->reads_after_send, 0);
  }
}

TEST_F(RunnerTest, UnkeptRowsAreCountedAndNothingElse) {
  Watch(0.0);
  Add({1, 2, 3});
  Run();
  EXPECT_EQ(model_->watched->seen().Total(0), 3u);
  EXPECT_EQ(producer_->Take(), nullptr);
  EXPECT_EQ(spent_.size(), 1u);
}

TEST_F(RunnerTest, AFullRingDropsCountsAndStillReplies) {
  Watch(1.0);
  for (int i = 0; i < 6; ++i) {
    Add(std::vector<float>(kSmallSampleBytes, 1));
    Run();
  }
  EXPECT_EQ(replies_.size(), 6u);
  EXPECT_EQ(producer_->dropped_samples(), 2u);
  EXPECT_EQ(model_->watched->dropped()[0].Read(), 2 * kSmallSampleBytes);
  EXPECT_EQ(spent_.size(), 2u) << "dropped requests keep their messages";
}

}  // namespace
}  // namespace driftserve
