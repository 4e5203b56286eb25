#include "server/batch/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <utility>
#include <vector>

#include "tests/fakes/fake_clock.h"

namespace driftserve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr int64_t kLimit = 1000;

class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest() {
    clock_.Advance(5000);  // a run that began at 0 would be none
    auto models = std::make_shared<ModelSet>();
    for (const char* name : {"a", "b"}) {
      auto model = std::make_shared<Model>();
      model->settings.name = name;
      model->counters = ServingCounters(2);
      models->models[name][1] = std::move(model);
    }
    models_ = models->models;
    registry_.Publish(std::move(models));
    settings_.limit_ns = kLimit;
    settings_.clock = &clock_;
    settings_.registry = &registry_;
    settings_.log = [this](LogLevel, const std::string& line) { lines_.push_back(line); };
    settings_.set_health = [this](const std::string& name, bool healthy) { health_.emplace_back(name, healthy); };
  }

  ServingSlot& Slot(const char* model, size_t thread = 0) { return models_[model][1]->counters.slot(thread); }
  void Begin(const char* model, size_t thread = 0) {
    Slot(model, thread).running_since_ns.Set(static_cast<uint64_t>(clock_.MonotonicNanos()));
  }
  void End(const char* model, size_t thread = 0) { Slot(model, thread).running_since_ns.Set(0); }

  FakeClock clock_;
  Registry registry_;
  decltype(ModelSet::models) models_;
  WatchdogSettings settings_;
  std::vector<std::string> lines_;
  std::vector<std::pair<std::string, bool>> health_;
};

TEST_F(WatchdogTest, ARunWithinTheLimitIsNobodysBusiness) {
  Watchdog watchdog(settings_);
  Begin("a");
  clock_.Advance(kLimit - 1);
  watchdog.Look();
  EXPECT_FALSE(watchdog.Hangs("a"));
  EXPECT_EQ(watchdog.Complaint(), "");
  EXPECT_THAT(health_, IsEmpty());
}

TEST_F(WatchdogTest, AHangingRunIsSaidOnceAndTakesReadinessUntilItReturns) {
  Watchdog watchdog(settings_);
  Begin("a");
  clock_.Advance(kLimit);
  watchdog.Look();
  watchdog.Look();
  EXPECT_TRUE(watchdog.Hangs("a"));
  EXPECT_FALSE(watchdog.Hangs("b"));
  EXPECT_EQ(watchdog.Complaint(), "model 'a' has not returned from a run");
  EXPECT_THAT(health_, ElementsAre(Pair("a", false), Pair("", false)));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("model 'a' has not returned")));
  EXPECT_EQ(Slot("a").hung_runs.Read(), 1u);
  End("a");
  health_.clear();
  watchdog.Look();
  EXPECT_FALSE(watchdog.Hangs("a"));
  EXPECT_EQ(watchdog.Complaint(), "");
  EXPECT_THAT(health_, ElementsAre(Pair("a", true), Pair("", true)));
}

TEST_F(WatchdogTest, EveryHangingRunIsCounted) {
  Watchdog watchdog(settings_);
  Begin("a", 0);
  Begin("a", 1);
  clock_.Advance(kLimit);
  watchdog.Look();
  EXPECT_EQ(Slot("a", 1).hung_runs.Read(), 1u);
  Begin("a", 1);  // the next one, before anybody looked
  clock_.Advance(kLimit);
  watchdog.Look();
  EXPECT_EQ(Slot("a", 0).hung_runs.Read(), 1u);
  EXPECT_EQ(Slot("a", 1).hung_runs.Read(), 2u);
}

TEST_F(WatchdogTest, TheServerIsReadyAgainWhenTheLastHasReturned) {
  Watchdog watchdog(settings_);
  Begin("a");
  Begin("b");
  clock_.Advance(kLimit);
  watchdog.Look();
  End("a");
  health_.clear();
  watchdog.Look();
  EXPECT_THAT(health_, ElementsAre(Pair("a", true)));
  End("b");
  watchdog.Look();
  EXPECT_THAT(health_, ElementsAre(Pair("a", true), Pair("b", true), Pair("", true)));
}

TEST_F(WatchdogTest, AModelThatIsGoneIsNotCalledHealthy) {
  Watchdog watchdog(settings_);
  Begin("a");
  clock_.Advance(kLimit);
  watchdog.Look();
  health_.clear();
  registry_.Publish(std::make_shared<ModelSet>());
  watchdog.Look();
  EXPECT_THAT(health_, ElementsAre(Pair("", true)));
}

TEST_F(WatchdogTest, LooksByItself) {
  std::promise<void> told;
  settings_.set_health = [&](const std::string& name, bool) {
    if (name.empty()) told.set_value();
  };
  Begin("a");
  clock_.Advance(kLimit);
  Watchdog watchdog(settings_);
  watchdog.Start();
  told.get_future().wait();
  watchdog.Stop();
}

}  // namespace
}  // namespace driftserve
