// How often the tests reject where nothing drifted, by simulation with fixed seeds: 2.5–7 % at a nominal 5 %
// (statistics.md §0, §8.2), and how often a planted drift is found. drift/ACCURACY.md has the figures of more
// replications.

#include <gtest/gtest.h>

#include <cstdio>

#include "drift/ks.h"
#include "drift/psi.h"
#include "tests/drift/scenarios.h"

namespace drift {
namespace {

using testing::FindScenario;
using testing::Rejections;
using testing::Scenario;

constexpr double kLeastSize = 0.025, kLargestSize = 0.07;

Rejections Count(const Scenario& scenario, int full, bool drifted) {
  const int replications = testing::Replications(full);
  const Rejections r = testing::CountRejections(scenario, replications, drifted);
  std::printf("  %s%s, rejected of %d: PSI %.4f, category %.4f, KS %.4f, missing %.4f\n",
              std::string(scenario.name).c_str(), drifted ? ", drifted" : "", replications, r.psi, r.category, r.ks,
              r.missing);
  return r;
}

class SizeTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(SizeTest, WithoutDriftAsStated) {
  constexpr int kFull = 2000;
  const Scenario& scenario = FindScenario(GetParam());
  const Rejections size = Count(scenario, kFull, false);
  if (testing::Replications(kFull) < kFull) return;
  for (const double share : {size.psi, size.category, size.ks}) {
    EXPECT_GE(share, kLeastSize);
    EXPECT_LE(share, kLargestSize);
  }
  if (!scenario.asks_missing) return;
  EXPECT_GE(size.missing, kLeastSize);
  EXPECT_LE(size.missing, kLargestSize);
}

TEST_P(SizeTest, APlantedDriftIsFound) {
  constexpr int kFull = 200;
  const Scenario& scenario = FindScenario(GetParam());
  const Rejections power = Count(scenario, kFull, true);
  if (testing::Replications(kFull) < kFull) return;
  const bool stratum = scenario.name == "feature_is_stratum";  // its number moves by 3 % of the rows only
  const bool thin = scenario.name == "bursts" || scenario.name == "many_categories";
  EXPECT_GE(power.psi, stratum ? 0.05 : 0.85);
  EXPECT_GE(power.ks, stratum ? 0.05 : 0.85);
  EXPECT_GE(power.category, thin ? 0.2 : 0.85);
  if (scenario.asks_missing) {
    EXPECT_GE(power.missing, 0.85);
  }
}

std::vector<std::string_view> Names() {
  std::vector<std::string_view> names;
  for (const Scenario& scenario : testing::Scenarios()) names.push_back(scenario.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, SizeTest, ::testing::ValuesIn(Names()),
                         [](const auto& scenario) { return std::string(scenario.param); });

// What the simulations are there to tell from: the same rows and tests, with one correction left out.
TEST(SizeOfTheUsualTest, WithoutWeightsOrTheirVarianceTheTestsFail) {
  constexpr int kFull = 60;
  const int replications = testing::Replications(kFull);
  int unweighted = 0, weights_alone = 0;
  for (int i = 0; i < replications; ++i) {
    const auto one = testing::Replicate(FindScenario("unequal_rates"), 40 + static_cast<std::uint64_t>(i), false);
    const double m = static_cast<double>(one.reference->rows);
    const ReferenceSums sums(one.window->layout().feature(0), {one.reference->features[0].cell_counts, m, m});
    Window plain(one.reference, {"all"}, {});
    for (std::size_t row = 0; row < one.kept_rows.size(); ++row) {
      const Value values[] = {Value::Double(one.kept_rows[row].x), Value::Text("c0")};
      ASSERT_TRUE(plain.Add(0, 0, 1.0, 1, values));
    }
    unweighted += PsiTest(EstimateBins(PopulationView(plain), 0, sums)).PValue(0) <= 0.05;
    BinEstimate weighted = EstimateBins(PopulationView(*one.window), 0, sums);
    const double n = weighted.kept;  // as if every kept row told as much as any other
    for (std::size_t a = 0; a < weighted.size(); ++a) {
      for (std::size_t b = 0; b < weighted.size(); ++b) {
        const double q = weighted.current[a], r = weighted.current[b];
        weighted.covariance[a * weighted.size() + b] = ((a == b ? q : 0) - q * r) / n;
      }
    }
    weights_alone += PsiTest(weighted).PValue(0) <= 0.05;
  }
  if (replications < kFull) return;
  EXPECT_EQ(unweighted, kFull);
  EXPECT_GE(weights_alone, kFull * 9 / 10);
}

}  // namespace
}  // namespace drift
