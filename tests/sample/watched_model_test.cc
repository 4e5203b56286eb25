#include "server/sample/watched_model.h"

#include <atomic>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace driftserve {
namespace {

std::unique_ptr<SamplingRule> Rule(double rate, uint32_t version) {
  return std::make_unique<SamplingRule>(std::vector<StratumRate>{{"HA", 1.0}}, rate, 42, version);
}

TEST(WatchedModelTest, EveryStratumHasItsCounters) {
  WatchedModel model({}, Rule(0.1, 1), 2);
  EXPECT_EQ(model.kept().size(), 2u);
  EXPECT_EQ(model.dropped().size(), 2u);
  model.seen().Count(1, 1, 0, 5);
  EXPECT_EQ(model.seen().Total(1), 5u);
}

// A serving thread may hold a rule while another takes its place.
TEST(WatchedModelTest, ARetiredRuleOutlivesItsReaders) {
  WatchedModel model({}, Rule(0.1, 0), 1);
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      const SamplingRule& rule = model.rule();
      // Version n has rate n / 1000 in every rule but the first: never a mixture of two.
      if (rule.version() == 0) continue;
      ASSERT_EQ(rule.stratum(0).rate, rule.version() / 1000.0);
    }
  });
  for (uint32_t version = 1; version <= 1000; ++version) model.SetRule(Rule(version / 1000.0, version));
  stop = true;
  reader.join();
  EXPECT_EQ(model.rule().version(), 1000u);
}

}  // namespace
}  // namespace driftserve
