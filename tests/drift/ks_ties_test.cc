#include "drift/ks_ties.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "drift/ks_distribution.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::Random;

constexpr double kLarge = 1e12;  // rows, for which Vrbik's terms vanish

double Kolmogorov(double lambda) { return KsAsymptoticTail(lambda / std::sqrt(kLarge), kLarge); }

double NormalTail(double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); }

TEST(KsTiesTest, TwoValuesAreTheNormalLaw) {
  for (const double share : {0.5, 0.2, 0.01}) {
    const std::vector<KsStep> steps = {{share, true}, {1 - share, true}};
    for (const double z : {0.5, 1.0, 1.96, 3.0}) {
      const double lambda = z * std::sqrt(share * (1 - share));
      EXPECT_NEAR(KsTiedTail(lambda, steps), 2 * NormalTail(z), 1e-4) << share << " " << z;
    }
  }
}

TEST(KsTiesTest, WithoutTiesItIsKolmogorovsLawHoweverItIsCut) {
  for (const double lambda : {0.5, 0.8, 1.0, 1.2, 1.358, 1.63, 2.0}) {
    for (const std::size_t cuts : {2u, 5u, 40u}) {
      const std::vector<KsStep> steps(cuts, {1 / static_cast<double>(cuts), false});
      EXPECT_NEAR(KsTiedTail(lambda, steps), Kolmogorov(lambda), 1e-4) << lambda << " " << cuts;
    }
  }
}

TEST(KsTiesTest, IsTheSimulatedBridge) {
  const std::vector<std::vector<KsStep>> cases = {
      std::vector<KsStep>(8, {0.125, true}),
      std::vector<KsStep>(100, {0.01, true}),
      {{0.3, true}, {0.05, true}, {0.6, true}, {0.05, true}},
      {{0.006, true}, {0.4, true}, {0.594, true}}};
  for (std::size_t c = 0; c < cases.size(); ++c) {
    Random random(c);
    constexpr int kPaths = 40'000;
    std::vector<double> largest;
    for (int path = 0; path < kPaths; ++path) {
      double motion = 0, time = 0;
      std::vector<std::pair<double, double>> points;
      for (const KsStep& step : cases[c]) {
        motion += std::sqrt(step.mass) * random.Normal();
        time += step.mass;
        points.push_back({time, motion});
      }
      double most = 0;
      for (const auto& [at, value] : points) most = std::max(most, std::fabs(value - at * motion));
      largest.push_back(most);
    }
    for (const double lambda : {0.4, 0.7, 1.0, 1.3}) {
      const auto beyond = std::count_if(largest.begin(), largest.end(), [lambda](double x) { return x >= lambda; });
      const double found = static_cast<double>(beyond) / kPaths, tail = KsTiedTail(lambda, cases[c]);
      EXPECT_NEAR(found, tail, 4 * std::sqrt(tail * (1 - tail) / kPaths) + 2e-4) << c << " " << lambda;
    }
  }
}

TEST(KsTiesTest, TiesOnlyMakeTheTailSmallerAndItFalls) {
  for (const std::size_t values : {2u, 8u, 50u, 199u}) {
    const std::vector<KsStep> tied(values, {1 / static_cast<double>(values), true});
    double before = 1;
    for (double lambda = 0; lambda < 5; lambda += 0.05) {
      const double tail = KsTiedTail(lambda, tied);
      ASSERT_LE(tail, before + 1e-6) << values << " " << lambda;
      ASSERT_LE(tail, Kolmogorov(lambda) + 1e-4) << values << " " << lambda;
      before = tail;
    }
    EXPECT_EQ(before, 0);
  }
}

TEST(KsTiesTest, OneValueCannotDiffer) {
  const std::vector<KsStep> steps = {{1, true}};
  EXPECT_EQ(KsTiedTail(1, steps), 1);
}

}  // namespace
}  // namespace drift
