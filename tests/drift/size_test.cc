// How often the tests reject when nothing drifted, by simulation with fixed seeds: 2.5–7 % at a nominal 5 %
// (statistics.md §0, §8.2), and that a planted shift is found.

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>

#include "drift/ks.h"
#include "drift/psi.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::kHour;
using testing::Random;

struct Drawn {
  int stratum;
  double x;
  const char* category;
};

struct Rejections {
  double psi = 0, category = 0, ks = 0;
};

struct Design {
  int reference_rows = 5000;
  int traffic_rows = 20'000;
  double rates[2] = {1.0, 0.01};
  std::function<Drawn(Random&)> reference;
  std::function<Drawn(Random&)> traffic;
};

std::shared_ptr<const Reference> DrawReference(const Design& design, Random& random) {
  ReferenceBuilder builder({}, {testing::NumericColumn(), {"c", Role::kFeature, Dtype::kText, Kind::kCategorical}});
  for (int i = 0; i < design.reference_rows; ++i) {
    const Drawn drawn = design.reference(random);
    const Value row[] = {Value::Double(drawn.x), Value::Text(drawn.category)};
    if (builder.Add(row)) return nullptr;
  }
  return std::make_shared<const Reference>(builder.Build().value());
}

Rejections OneReplication(const Design& design, std::uint64_t seed) {
  Random random(seed);
  const auto reference = DrawReference(design, random);
  Window window(reference, {"vip", "plain"}, {kHour, 60, 64u << 20});
  window.SetRates(0, design.rates, 1);
  for (int i = 0; i < design.traffic_rows; ++i) {
    const std::int64_t time = kHour / design.traffic_rows * i;
    const Drawn drawn = design.traffic(random);
    window.CountSeen(time, drawn.stratum, 1);
    if (random.Uniform() >= design.rates[drawn.stratum]) continue;
    const Value row[] = {Value::Double(drawn.x), Value::Text(drawn.category)};
    EXPECT_TRUE(window.Add(time, drawn.stratum, design.rates[drawn.stratum], 1, row));
  }
  const View view = PopulationView(window);
  const double m = static_cast<double>(reference->rows);
  const auto counts = [&](std::size_t f) { return ReferenceCounts{reference->features[f].cell_counts, m, m}; };
  Rejections rejections;
  rejections.psi = PsiTest(EstimateBins(view, 0, counts(0))).PValue(0) <= 0.05;
  rejections.category = PsiTest(EstimateBins(view, 1, counts(1))).PValue(0) <= 0.05;
  rejections.ks = KsTest(window.layout().feature(0), *EstimateCells(view, 0, counts(0))).PValue(0) <= 0.05;
  return rejections;
}

Rejections Simulate(const Design& design, int replications) {
  Rejections sum;
  for (int i = 0; i < replications; ++i) {
    const Rejections one = OneReplication(design, 7000 + static_cast<std::uint64_t>(i));
    sum.psi += one.psi / replications;
    sum.category += one.category / replications;
    sum.ks += one.ks / replications;
  }
  std::printf("  rejected of %d: PSI %.4f, PSI of the category %.4f, KS %.4f\n", replications, sum.psi, sum.category,
              sum.ks);
  return sum;
}

void ExpectNominal(const Rejections& rejections, int replications, int full) {
  if (replications < full) return;
  for (const double size : {rejections.psi, rejections.category, rejections.ks}) {
    EXPECT_GE(size, 0.025);
    EXPECT_LE(size, 0.07);
  }
}

constexpr const char* kLetters[] = {"a", "b", "c", "d"};

// 10 % of the traffic kept at 100 %, 90 % at 1 %. The strata are alike.
Drawn Plain(Random& random) {
  const int stratum = random.Uniform() < 0.1 ? 0 : 1;
  const double x = random.Normal();
  return {stratum, x, kLetters[random.Below(4)]};
}

// The same rates, and the features tell the stratum: the category names it, x lies in its own range.
Drawn StratumItself(Random& random) {
  const double x = random.Uniform();
  const int stratum = x < 0.1 ? 0 : 1;
  return {stratum, x, stratum == 0 ? "vip" : "plain"};
}

constexpr int kFull = 2000;

TEST(SizeTest, UnequalRates) {
  const int replications = testing::Replications(kFull);
  ExpectNominal(Simulate({.reference = Plain, .traffic = Plain}, replications), replications, kFull);
}

TEST(SizeTest, TheFeatureIsTheStratum) {
  const int replications = testing::Replications(kFull);
  ExpectNominal(Simulate({.reference = StratumItself, .traffic = StratumItself}, replications), replications, kFull);
}

// Bursts of alike rows: nothing drifted, but the rows are not independent, and only the panes show it.
TEST(SizeTest, RequestsOfEightAlikeRows) {
  const int full = 500, replications = testing::Replications(full);
  int rejected_psi = 0, rejected_ks = 0;
  for (int i = 0; i < replications; ++i) {
    Random random(100 + static_cast<std::uint64_t>(i));
    Design design{.reference = Plain, .traffic = Plain};
    const auto reference = DrawReference(design, random);
    Window window(reference, {"all"}, {kHour, 60, 64u << 20});
    for (int row = 0; row < 4800; ++row) {
      static thread_local Drawn alike;
      if (row % 8 == 0) alike = Plain(random);
      const Value values[] = {Value::Double(alike.x), Value::Text(alike.category)};
      window.CountSeen(kHour / 4800 * row, 0, 1);
      ASSERT_TRUE(window.Add(kHour / 4800 * row, 0, 1, 1, values));
    }
    const View view = PopulationView(window);
    const double m = static_cast<double>(reference->rows);
    const ReferenceCounts counts{reference->features[0].cell_counts, m, m};
    rejected_psi += PsiTest(EstimateBins(view, 0, counts)).PValue(0) <= 0.05;
    rejected_ks += KsTest(window.layout().feature(0), *EstimateCells(view, 0, counts)).PValue(0) <= 0.05;
  }
  std::printf("  rejected of %d: PSI %d, KS %d\n", replications, rejected_psi, rejected_ks);
  if (replications < full) return;
  EXPECT_LE(rejected_psi, full * 8 / 100);
  EXPECT_LE(rejected_ks, full * 8 / 100);
}

TEST(PowerTest, APlantedShiftIsFound) {
  const int full = 200, replications = testing::Replications(full);
  const auto shifted = [](Random& random) {
    Drawn drawn = Plain(random);
    drawn.x += 0.5;
    if (random.Uniform() < 0.3) drawn.category = "a";
    return drawn;
  };
  const Rejections found = Simulate({.reference = Plain, .traffic = shifted}, replications);
  EXPECT_GE(found.psi, 0.95);
  EXPECT_GE(found.category, 0.85);
  EXPECT_GE(found.ks, 0.95);
}

}  // namespace
}  // namespace drift
