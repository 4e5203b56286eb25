#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tests/observe/pipeline.h"

namespace driftserve {
namespace {

class ObserverLifecycleTest : public Pipeline {};

TEST_F(ObserverLifecycleTest, StopDrainsTheRingsAndThePublisher) {
  observer_.Watch(model_, reference_, MakeMonitor());
  for (size_t i = 0; i < Observer::kPassSamples + 500; ++i) serving_.Answer(model_, 0.5f, "UA", 1);
  observer_.Stop(1000);
  EXPECT_EQ(publisher_.Counts().sampled, Observer::kPassSamples + 500);
  EXPECT_EQ(publisher_.Counts().acknowledged, Observer::kPassSamples + 500);
  EXPECT_TRUE(publisher_.flushed());
}

TEST_F(ObserverLifecycleTest, StopWithoutABrokerCountsWhatIsLost) {
  publisher_.Cork();
  observer_.Watch(model_, reference_, MakeMonitor());
  for (int i = 0; i < 100; ++i) serving_.Answer(model_, 0.5f, "UA", 1);
  observer_.Stop(0);
  EXPECT_EQ(publisher_.Counts().dropped[static_cast<int>(DropReason::kShutdown)], 100u);
  EXPECT_EQ(publisher_.Counts().in_flight, 0u);
  ExpectConserved();
}

TEST_F(ObserverLifecycleTest, SamplesOfAnUnloadedModelAreStillPublished) {
  observer_.Watch(model_, reference_, MakeMonitor());
  observer_.RunOnce();
  EXPECT_EQ(board_.Read()->models.size(), 1u);
  for (int i = 0; i < 10; ++i) serving_.Answer(model_, 0.5f, "UA", 1);
  observer_.Unwatch("m", "1");
  observer_.RunOnce();
  EXPECT_EQ(board_.Read()->models.size(), 0u);
  EXPECT_EQ(publisher_.Counts().sampled, 10u);
  EXPECT_EQ(board_.Read()->unwatched_rows, 0u);

  const std::weak_ptr<WatchedModel> model = model_;
  model_.reset();
  observer_.RunOnce();
  EXPECT_TRUE(model.expired()) << "then the observer forgets it";
}

TEST_F(ObserverLifecycleTest, AnUnloadedModelIsKeptUntilItsLastSampleWasTaken) {
  observer_.Watch(model_, reference_, MakeMonitor());
  for (size_t i = 0; i < Observer::kPassSamples + 500; ++i) serving_.Answer(model_, 0.5f, "UA", 1);
  observer_.Unwatch("m", "1");
  const std::weak_ptr<WatchedModel> model = model_;
  model_.reset();
  observer_.RunOnce();
  EXPECT_EQ(publisher_.Counts().sampled, Observer::kPassSamples);
  EXPECT_FALSE(model.expired()) << "samples that wait point to it";
  observer_.RunOnce();
  EXPECT_EQ(publisher_.Counts().sampled, Observer::kPassSamples + 500);
  EXPECT_EQ(board_.Read()->unwatched_rows, 0u);
  EXPECT_TRUE(model.expired());
}

// A publisher that calls back with each record.
class TellingPublisher final : public Publisher {
 public:
  explicit TellingPublisher(std::function<void()> tell) : tell_(std::move(tell)) {}
  void Publish(OutgoingRecord) override { tell_(); }
  void Poll(const std::function<void(const Delivery&)>&) override {}
  void Flush(int64_t) override {}
  PublishCounts Counts() const override { return {}; }
  PublishCounts EventCounts() const override { return {}; }

 private:
  const std::function<void()> tell_;
};

TEST_F(ObserverLifecycleTest, AModelThatIsUnwatchedInTheMiddleOfAPassIsShownNoMore) {
  Observer* told = nullptr;
  TellingPublisher publisher([&told] { told->Unwatch("m", "1"); });
  Observer observer({7, "driftserve/test", "samples", "events", ""}, &clock_, &tap_, &publisher, &board_);
  told = &observer;
  observer.Watch(model_, reference_, MakeMonitor());
  observer.RunOnce();
  EXPECT_EQ(board_.Read()->models.size(), 1u);
  serving_.Answer(model_, 0.5f, "UA", 1);
  serving_.Answer(MakeModel(0.5, 1, "stranger"), 0.5f, "UA", 1);  // makes the observer look for changes
  observer.RunOnce();
  EXPECT_EQ(board_.Read()->models.size(), 0u);
  EXPECT_EQ(board_.Read()->unwatched_rows, 1u);
}

TEST_F(ObserverLifecycleTest, AReloadedModelTakesThePlaceOfItsPredecessor) {
  observer_.Watch(model_, reference_, MakeMonitor());
  observer_.RunOnce();
  serving_.Answer(model_, 0.5f, "UA", 1);
  const auto reloaded = MakeModel(0.5);
  observer_.Watch(reloaded, reference_, MakeMonitor());
  serving_.Answer(reloaded, 0.5f, "UA", 1);
  observer_.RunOnce();
  ASSERT_EQ(board_.Read()->models.size(), 1u);
  EXPECT_EQ(Snapshot()->rows()[1].seen, 1) << "counted since it was reloaded";
  EXPECT_EQ(Snapshot()->evaluation.population.rows_seen, 1);
  EXPECT_EQ(publisher_.Counts().sampled, 2u);
}

TEST_F(ObserverLifecycleTest, RowsOfAModelThatWasNeverWatchedAreCounted) {
  for (int i = 0; i < 10; ++i) serving_.Answer(model_, 0.5f, "UA", 1);
  observer_.RunOnce();
  observer_.Watch(MakeModel(0.5, 1, "other"), reference_, MakeMonitor());
  observer_.RunOnce();
  EXPECT_EQ(board_.Read()->unwatched_rows, 10u);
  EXPECT_EQ(publisher_.Counts().sampled, 0u);
}

TEST_F(ObserverLifecycleTest, AClockThatWasSetBackBeginsTheWindowAnew) {
  observer_.Watch(model_, reference_, MakeMonitor());
  Serve(600, 6);
  clock_.SetUnix(FakeClock::kStartUnixNanos - 3600 * kSecond);
  observer_.RunOnce();
  Serve(600, 6);
  EXPECT_EQ(Snapshot()->window_resets, 1u);
  EXPECT_EQ(Snapshot()->window.late_rows, 0u);
  EXPECT_GT(Snapshot()->evaluation.population.rows_kept, 0);
  EXPECT_EQ(publisher_.Counts().sampled, model_->kept()[0].Read());
}

TEST_F(ObserverLifecycleTest, ABindingThatTheModelLacksIsSaid) {
  WatchedModelSettings settings = model_->settings();
  settings.features.pop_back();
  auto rule = std::make_unique<SamplingRule>(std::vector<StratumRate>{}, 1.0, 42, 1);
  const auto model = std::make_shared<WatchedModel>(settings, std::move(rule), 1);
  observer_.Watch(model, reference_, MakeMonitor());
  observer_.RunOnce();
  EXPECT_EQ(LogLines("the reference has carrier"), 1u);
}

TEST_F(ObserverLifecycleTest, LabelsOfTheReferenceAreNotWatchedHere) {
  auto with_label = std::make_shared<drift::Reference>(*reference_);
  with_label->features.push_back(with_label->features.back());
  with_label->features.back().name = "late";
  with_label->features.back().role = drift::Role::kLabel;
  observer_.Watch(model_, with_label, MakeMonitor());
  Serve(600, 6);
  EXPECT_EQ(Snapshot()->evaluation.population.features.size(), 3u);
  EXPECT_EQ(Snapshot()->reference->features.size(), 3u);
  EXPECT_GT(Snapshot()->evaluation.population.rows_kept, 0);
}

// For the sanitizers: serving threads hold a model only while they answer a request, and each model soon makes room for
// its successor, while samples of it wait.
TEST_F(ObserverLifecycleTest, ReloadsUnderLoadLoseNothing) {
  constexpr size_t kThreads = 3;
  constexpr int kReloads = 100;
  std::mutex mutex;  // guards served
  std::shared_ptr<WatchedModel> served;
  std::vector<std::weak_ptr<WatchedModel>> all;
  const auto reload = [&] {
    auto model = MakeModel(0.5, kThreads);
    observer_.Watch(model, reference_, MakeMonitor());
    all.push_back(model);
    const std::lock_guard lock(mutex);
    served.swap(model);
  };
  reload();
  observer_.Start();
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> answered{0}, dropped{0};
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread, producer = tap_.AddProducer()] {
      Serving serving(thread, producer, &clock_);
      do {
        std::unique_lock lock(mutex);
        const std::shared_ptr<WatchedModel> model = served;
        lock.unlock();
        serving.Answer(model, 0.5f, "UA", 1);
        ++answered;
      } while (!stop);
      dropped += producer->dropped_samples();
    });
  }
  for (int i = 1; i < kReloads; ++i) reload();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  served.reset();
  observer_.Unwatch("m", "1");
  observer_.Stop(1000);
  EXPECT_EQ(publisher_.Counts().acknowledged + dropped, answered);
  EXPECT_EQ(board_.Read()->unwatched_rows, 0u);
  for (const std::weak_ptr<WatchedModel>& model : all) EXPECT_TRUE(model.expired());
}

// Everything at once, for the thread sanitizer: serving threads, watching and unwatching, scrapes, the observer's own
// thread; at the end every kept row is a record.
TEST_F(ObserverLifecycleTest, ManyThreadsLoseNothing) {
  constexpr size_t kThreads = 3;
  constexpr int kRows = 4'000;
  const auto model = MakeModel(0.5, kThreads);
  observer_.Watch(model, reference_, MakeMonitor());
  observer_.Start();
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, &model, thread, producer = tap_.AddProducer()] {
      Serving serving(thread, producer, &clock_);
      for (int i = 0; i < kRows; ++i) {
        serving.Answer(model, static_cast<float>(i) / kRows, "UA", i % 2);
        if (i % 100 == 0) clock_.Advance(kSecond / 10);
      }
    });
  }
  std::atomic<bool> stop{false};
  std::thread scraper([&] {
    while (!stop) {
      const auto snapshot = board_.Read();
      for (const auto& watched : snapshot->models) ASSERT_EQ(watched->rows().size(), 2u);
      publisher_.Counts();
    }
  });
  for (int i = 0; i < 20; ++i) {
    observer_.Watch(MakeModel(0.5, 1, "other"), reference_, MakeMonitor());
    observer_.Unwatch("other", "1");
  }
  for (std::thread& thread : threads) thread.join();
  observer_.Stop(1000);
  stop = true;
  scraper.join();
  const uint64_t kept = model->kept()[0].Read() + model->kept()[1].Read();
  EXPECT_EQ(publisher_.Counts().acknowledged, kept);
  EXPECT_EQ(model->seen().Total(0) + model->seen().Total(1), kThreads * kRows);
  EXPECT_GT(kept, kThreads * kRows / 2u);
  ExpectConserved();
}

}  // namespace
}  // namespace driftserve
