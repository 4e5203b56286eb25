#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "drift/debounce.h"
#include "drift/feature_evaluation.h"
#include "drift/multiplicity.h"
#include "drift/readiness.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

TEST(MultiplicityTest, KnownAdjustments) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.5};
  const auto near = [](const std::vector<double>& got, const std::vector<double>& expected) {
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-12) << i;
  };
  near(Adjust(p, Multiplicity::kBenjaminiHochberg), {0.04, 0.16 / 3, 0.16 / 3, 0.5});
  near(Adjust(p, Multiplicity::kHolm), {0.04, 0.09, 0.09, 0.5});
  near(Adjust(p, Multiplicity::kBonferroni), {0.04, 0.16, 0.12, 1.0});
  near(Adjust(p, Multiplicity::kNone), p);
  EXPECT_TRUE(Adjust({}, Multiplicity::kBenjaminiHochberg).empty());
}

TEST(MultiplicityTest, AdjustedIsNeverBelowPlainAndKeepsTheOrder) {
  testing::Random random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> p;
    for (std::uint64_t i = 0; i <= random.Below(12); ++i) p.push_back(random.Uniform() * random.Uniform());
    for (const auto rule : {Multiplicity::kBenjaminiHochberg, Multiplicity::kHolm, Multiplicity::kBonferroni}) {
      const std::vector<double> adjusted = Adjust(p, rule);
      for (std::size_t i = 0; i < p.size(); ++i) {
        EXPECT_GE(adjusted[i], p[i]);
        EXPECT_LE(adjusted[i], 1);
        for (std::size_t j = 0; j < p.size(); ++j) {
          if (p[i] < p[j]) {
            EXPECT_LE(adjusted[i], adjusted[j]);
          }
        }
      }
    }
  }
}

std::string Play(Debounce debounce, const std::string& events) {
  std::string states;
  for (const char event : events) states += debounce.Update(event == '+', event == '-') ? 'A' : '.';
  return states;
}

TEST(DebounceTest, ThreeOfFive) {
  EXPECT_EQ(Play(Debounce(3, 5), "+0+0+00"), "....AAA");   // + enters, − leaves, 0 says neither
  EXPECT_EQ(Play(Debounce(3, 5), "+00+00+00"), ".........");
  EXPECT_EQ(Play(Debounce(3, 5), "+++0000--0-0"), "..AAAAAAAA..");
  EXPECT_EQ(Play(Debounce(3, 5), "+++-0000-0000-"), "..AAAAAAAAAAAA");
}

TEST(DebounceTest, AChangeStartsBothHistoriesAnew) {
  EXPECT_EQ(Play(Debounce(3, 5), "+++---++0+"), "..AAA....A");
  EXPECT_EQ(Play(Debounce(1, 1), "+-+"), "A.A");
  EXPECT_EQ(Play(Debounce(32, 32), std::string(32, '+')).back(), 'A');
}

TEST(ReadinessTest, TheFiguresOfTheSpecification) {
  const ThresholdSettings thresholds;
  EXPECT_NEAR(*NeededSamples(10, thresholds, 10'000), 173, 1);
  EXPECT_NEAR(*NeededSamples(10, thresholds, 1000), 204, 1);
  EXPECT_EQ(NeededSamples(10, thresholds, 169), std::nullopt);
  EXPECT_TRUE(NeededSamples(10, thresholds, 170).has_value());
  ThresholdSettings zero;
  zero.psi_warn = 0;
  EXPECT_EQ(*NeededSamples(10, zero, 50), 50);
  EXPECT_EQ(*NeededSamples(30, zero, 50), 300);
}

TEST(ReadinessTest, ThereIsAReasonBelowTheNeededSamplesAndNoneAbove) {
  for (const std::size_t bins : {1, 2, 10, 20, 21, 100}) {
    for (const double level : {0.0, 0.01, 0.1, 0.25}) {
      for (const double alpha : {1e-6, 0.05, 0.5}) {
        ThresholdSettings thresholds;
        thresholds.psi_warn = level;
        thresholds.alpha = alpha;
        for (const double reference_rows : {1.0, 150.0, 20'000.0}) {
          const std::optional<double> needed = NeededSamples(bins, thresholds, reference_rows);
          const auto reason = [&](double samples) { return WhyNotReady(samples, bins, reference_rows, thresholds); };
          EXPECT_NE(reason(needed ? *needed * (1 - 1e-9) : 1e12), "") << bins << " " << level << " " << alpha;
          if (needed) {
            EXPECT_EQ(reason(*needed * (1 + 1e-9)), "") << bins << " " << level << " " << alpha;
          }
        }
      }
    }
  }
}

TEST(ReadinessTest, TheReasonSaysWhatThereIsAndWhatIsNeeded) {
  EXPECT_EQ(WhyNotReady(100, 10, 10'000, {}),
            "the rows kept are worth 100 effective samples, 173 are needed for 10 bins");
  EXPECT_EQ(WhyNotReady(173, 10, 10'000, {}), "");
  EXPECT_EQ(WhyNotReady(1e6, 10, 150, {}),
            "the reference is worth 150 rows, more than 169 are needed for 10 bins and thresholds.psi.warn 0.1");
}

TEST(MissingPValueTest, TwoProportions) {
  EXPECT_NEAR(MissingPValue(0.1, 1000, 0.13, 1000), 0.0355, 5e-4);
  EXPECT_EQ(MissingPValue(0.1, 1000, 0.1, 500), 1);
  EXPECT_EQ(MissingPValue(0, 1000, 0, 500), 1);
  EXPECT_EQ(MissingPValue(1, 1000, 1, 500), 1);
  EXPECT_EQ(MissingPValue(0.1, 0, 0.2, 10), 1);
  EXPECT_LT(MissingPValue(0, 1000, 1, 500), 1e-12);
}

}  // namespace
}  // namespace drift
