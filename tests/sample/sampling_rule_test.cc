#include "server/sample/sampling_rule.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace driftserve {
namespace {

using ::testing::ElementsAre;

SamplingRule RuleAt(double rate, uint64_t seed = 42) { return SamplingRule({}, rate, seed, 1); }

TEST(SamplingRuleTest, UnlistedAndMissingStrataFallIntoTheDefault) {
  const SamplingRule rule({{"HA", 1.0}, {"UA", 0.05}}, 0.01, 42, 3);
  EXPECT_EQ(rule.stratum_count(), 3u);
  EXPECT_EQ(rule.stratum(0).name, "default");
  EXPECT_EQ(rule.stratum(0).rate, 0.01);
  EXPECT_EQ(rule.StratumOf("HA"), 1);
  EXPECT_EQ(rule.StratumOf("UA"), 2);
  EXPECT_EQ(rule.StratumOf("ZZ"), 0);
  EXPECT_EQ(rule.StratumOf(""), 0);
  EXPECT_EQ(rule.version(), 3u);
}

TEST(SamplingRuleTest, ListingTheDefaultSetsItsRateAndTheFirstOfTwoCounts) {
  const SamplingRule rule({{"default", 0.5}, {"HA", 1.0}, {"HA", 0.1}}, 0.01, 42, 1);
  EXPECT_EQ(rule.stratum_count(), 2u);
  EXPECT_EQ(rule.stratum(0).rate, 0.5);
  EXPECT_EQ(rule.stratum(1).rate, 1.0);
}

TEST(SamplingRuleTest, RateZeroKeepsNothingAndRateOneEverything) {
  const SamplingRule none = RuleAt(0), all = RuleAt(1);
  for (uint64_t key = 0; key < 100'000; ++key) {
    ASSERT_FALSE(none.Keep(key, 0, 0));
    ASSERT_TRUE(all.Keep(key, 0, 0));
  }
}

TEST(SamplingRuleTest, RatesOutsideTheUnitIntervalAreItsEnds) {
  EXPECT_FALSE(RuleAt(-0.1).Keep(1, 0, 0));
  EXPECT_FALSE(RuleAt(std::numeric_limits<double>::quiet_NaN()).Keep(1, 0, 0));
  EXPECT_TRUE(RuleAt(1.5).Keep(1, 0, 0));
}

TEST(SamplingRuleTest, RowsKeptAtARateAreKeptAtEveryHigherRate) {
  const std::vector<double> rates = {1e-4, 0.01, 0.02, 0.3, 0.5, 0.99, std::nextafter(1.0, 0.0), 1.0};
  std::vector<SamplingRule> rules;
  for (const double rate : rates) rules.push_back(RuleAt(rate));
  for (uint64_t sequence = 0; sequence < 50'000; ++sequence) {
    const uint64_t key = SequenceKey(1, sequence);
    bool kept = false;
    for (const SamplingRule& rule : rules) {
      const bool now = rule.Keep(key, 0, 0);
      ASSERT_TRUE(now || !kept) << "sequence " << sequence;
      kept = now;
    }
  }
}

// Fixed ids: the share is a constant, and this asks that it is a likely one.
TEST(SamplingRuleTest, TheShareOfAMillionRequestsIsWithinFourStandardDeviations) {
  constexpr int kRequests = 1'000'000;
  for (const double rate : {0.001, 0.01, 0.1, 0.5}) {
    const SamplingRule rule = RuleAt(rate);
    int kept = 0;
    for (uint64_t sequence = 1; sequence <= kRequests; ++sequence) {
      kept += rule.Keep(SequenceKey(0x0123456789abcdef, sequence), 0, 0);
    }
    EXPECT_NEAR(kept, kRequests * rate, 4 * std::sqrt(kRequests * rate * (1 - rate))) << "rate " << rate;
  }
}

TEST(SamplingRuleTest, TheRowsOfOneRequestAreDecidedOnTheirOwn) {
  const SamplingRule rule = RuleAt(0.5);
  int kept = 0;
  for (uint32_t row = 0; row < 10'000; ++row) kept += rule.Keep(17, row, 0);
  EXPECT_NEAR(kept, 5'000, 4 * 50);
}

TEST(SamplingRuleTest, AnotherSeedDecidesOtherwise) {
  const SamplingRule one = RuleAt(0.1, 1), two = RuleAt(0.1, 2);
  int both = 0;
  for (uint64_t key = 0; key < 100'000; ++key) both += one.Keep(key, 0, 0) && two.Keep(key, 0, 0);
  EXPECT_NEAR(both, 1'000, 4 * 31.5);
}

// The numbers come from the Python package xxhash: xxh64(struct.pack("<QQ", boot_id, sequence), seed=0) and so on.
TEST(SamplingRuleTest, AnyoneWithXxHashMakesTheSameKeys) {
  EXPECT_EQ(SequenceKey(0x0123456789abcdef, 1), 0xac7d03075160d9c9u);
  EXPECT_EQ(SequenceKey(0x0123456789abcdef, 2), 0xc091e89918c85832u);
  EXPECT_EQ(SequenceKey(0x0123456789abcdef, 1000), 0x3b1d981bf44fecb0u);
  EXPECT_EQ(RequestIdKey(""), 0xef46db3751d8e999u);
  EXPECT_EQ(RequestIdKey("flight-1"), 0xb50a072cd46ee5ecu);
  EXPECT_EQ(RequestIdKey("s\xc3\xb8k-7"), 0xc852d10281852e5au);
}

TEST(SamplingRuleTest, AnyoneWithXxHashMakesTheSameDecisions) {
  // xxh64(struct.pack("<QQ", key, row), seed=7) < rate * 2**64, rows 0 to 39 of request "flight-1".
  const uint64_t key = RequestIdKey("flight-1");
  const SamplingRule tenth = RuleAt(0.1, 7), more = RuleAt(0.3, 7);
  std::vector<uint32_t> kept_tenth, kept_more;
  for (uint32_t row = 0; row < 40; ++row) {
    if (tenth.Keep(key, row, 0)) kept_tenth.push_back(row);
    if (more.Keep(key, row, 0)) kept_more.push_back(row);
  }
  EXPECT_THAT(kept_tenth, ElementsAre(1, 4, 14, 23, 28));
  EXPECT_THAT(kept_more, ElementsAre(1, 3, 4, 10, 14, 19, 22, 23, 28));

  // The same by sequence: of the first million of one boot, seed 42, rate 0.01.
  const SamplingRule hundredth = RuleAt(0.01, 42);
  int kept = 0;
  for (uint64_t sequence = 1; sequence <= 1'000'000; ++sequence) {
    kept += hundredth.Keep(SequenceKey(0x0123456789abcdef, sequence), 0, 0);
  }
  EXPECT_EQ(kept, 9859);
}

}  // namespace
}  // namespace driftserve
