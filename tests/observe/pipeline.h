#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drift/builder.h"
#include "drift/profile/monitor_settings.h"
#include "driftserve/v1/record.pb.h"
#include "server/observe/observer.h"
#include "server/tap/copy_rows.h"
#include "server/tap/decide.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_publisher.h"

namespace driftserve {

inline constexpr int64_t kSecond = 1'000'000'000;

/// A reference of 6000 rows: `x` even over 0 to 1, `carrier` UA, DL or AA alike, prediction `score` even over 0 to 1.
inline std::shared_ptr<const drift::Reference> MakeReference() {
  drift::BuilderSettings settings;
  settings.model_name = "m";
  settings.model_version = "1";
  settings.cells = 100;
  drift::ReferenceBuilder builder(settings, {{"x", drift::Role::kFeature, drift::Dtype::kFloat32, {}},
                                             {"carrier", drift::Role::kFeature, drift::Dtype::kText, {}},
                                             {"score", drift::Role::kPrediction, drift::Dtype::kFloat64, {}}});
  const std::string_view carriers[] = {"UA", "DL", "AA"};
  for (int i = 0; i < 6000; ++i) {
    const drift::Value row[] = {drift::Value::Double(((i * 7919) % 6000 + 0.5) / 6000),
                                drift::Value::Text(carriers[i % 3]),
                                drift::Value::Double(((i * 104729) % 6000 + 0.5) / 6000)};
    EXPECT_FALSE(builder.Add(row));
  }
  auto reference = builder.Build();
  EXPECT_TRUE(reference.ok());
  return std::make_shared<const drift::Reference>(std::move(reference.value()));
}

/// A window of a minute in 60 panes, an evaluation every 5 s, no observation period.
inline drift::MonitorSettings MakeMonitor() {
  drift::MonitorSettings monitor;
  monitor.window.length_ns = 60 * kSecond;
  monitor.evaluate_every_ns = 5 * kSecond;
  monitor.decision.observation_period_ns = 0;
  monitor.decision.false_alarms_per_day = 100;  // a minute's window else asks for p-values no sample of a test reaches
  return monitor;
}

inline std::shared_ptr<WatchedModel> MakeModel(double default_rate, size_t threads = 1, std::string name = "m") {
  WatchedModelSettings settings;
  settings.name = std::move(name);
  settings.version = "1";
  settings.reference_hash = "abc";
  settings.features = {{"x", 0, 0}, {"carrier", 1, 0}};
  settings.predictions = {{"score", 0, 0}};
  settings.pane_ns = kSecond;
  return std::make_shared<WatchedModel>(
      std::move(settings), std::make_unique<SamplingRule>(std::vector<StratumRate>{{"gold", 1.0}}, default_rate, 42, 5),
      threads);
}

/// One serving thread in the test's hands: answers requests of one row, the way the server's threads do.
class Serving {
 public:
  Serving(size_t thread, TapProducer* producer, const Clock* clock)
      : thread_(thread), producer_(producer), clock_(clock), sequence_(thread << 32) {}

  /// Rows of "default" are stratum 0, of "gold" stratum 1.
  void Answer(const std::shared_ptr<WatchedModel>& model, float x, std::string_view carrier, int stratum = 0,
              std::string request_id = "") {
    const int64_t now = clock_->UnixNanos();
    CountRows(*model, thread_, now, {stratum}, 1);
    const SamplingRule& rule = model->rule();
    KeptRows kept;
    if (Decide(rule, SequenceKey(1, ++sequence_), {stratum}, 1, kept) == 0) return;
    std::unique_ptr<Sample> sample = producer_->NewSample();
    sample->owner = nullptr;
    auto owner = std::make_unique<Message>();
    owner->x = x;
    owner->score = x;
    const auto length = static_cast<uint32_t>(carrier.size());
    owner->carrier.assign(reinterpret_cast<const char*>(&length), sizeof(length));
    owner->carrier.append(carrier);
    sample->inputs = {{DataType::kFp32, {1, 1}, reinterpret_cast<const char*>(&owner->x), sizeof(float)},
                      {DataType::kBytes, {1, 1}, owner->carrier.data(), owner->carrier.size()}};
    sample->outputs = {{DataType::kFp64, {1, 1}, reinterpret_cast<const char*>(&owner->score), sizeof(double)}};
    sample->model = model.get();
    sample->request_id = std::move(request_id);
    sample->request_sequence = sequence_;
    sample->rule_version = rule.version();
    sample->time_ns = now;
    sample->rows = kept;
    sample->owner = std::move(owner);
    sample->byte_size = 32;
    if (!producer_->Offer(sample)) producer_->Recycle(std::move(sample));
  }

  TapProducer* producer() const { return producer_; }

 private:
  struct Message final : SampleOwner {
    float x;
    double score;
    std::string carrier;
  };

  const size_t thread_;
  TapProducer* const producer_;
  const Clock* const clock_;
  uint64_t sequence_;
};

/// The whole right-hand side of the reply: a real tap, a real observer, a publisher and a clock in the test's hands.
class Pipeline : public ::testing::Test {
 protected:
  Pipeline() : tap_({8192, size_t{1} << 20}), serving_(0, tap_.AddProducer(), &clock_) {}

  /// `rows` rows spread over `seconds`, a pass and a second at a time. x is even over [shift, 1 + shift).
  void Serve(int rows, int seconds, float shift = 0) {
    const char* const carriers[] = {"UA", "DL", "AA"};
    for (int second = 0; second < seconds; ++second) {
      for (int i = 0; i < rows / seconds; ++i, ++served_) {
        const auto x = static_cast<float>((served_ * 7919 % 6000 + 0.5) / 6000) + shift;
        serving_.Answer(model_, x, carriers[served_ % 3]);
      }
      observer_.RunOnce();
      clock_.AdvanceSeconds(1);
    }
  }

  std::shared_ptr<const ModelSnapshot> Snapshot() const {
    const auto snapshot = board_.Read();
    return snapshot->models.empty() ? nullptr : snapshot->models[0];
  }

  void ExpectConserved() {
    const PublishCounts counts = publisher_.Counts();
    uint64_t ended = counts.acknowledged + counts.in_flight;
    for (const uint64_t dropped : counts.dropped) ended += dropped;
    EXPECT_EQ(counts.sampled, ended);
  }

  size_t LogLines(const std::string& part) const {
    size_t lines = 0;
    for (const std::string& line : log_) lines += line.find(part) != std::string::npos;
    return lines;
  }

  FakeClock clock_;
  Tap tap_;
  FakePublisher publisher_;
  SnapshotBoard board_;
  std::vector<std::string> log_;
  std::shared_ptr<const drift::Reference> reference_ = MakeReference();
  std::shared_ptr<WatchedModel> model_ = MakeModel(0.5);
  Serving serving_;
  Observer observer_{{7, "driftserve/test", "samples", "events", ""}, &clock_, &tap_, &publisher_, &board_,
                     [this](LogLevel, const std::string& line) { log_.push_back(line); }};
  int served_ = 0;
};

}  // namespace driftserve
