// What SciPy and plain NumPy say of 360 random pairs of samples (tests/golden/drift/make_golden.py), drawn here
// anew from the same seeds.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "drift/distances.h"
#include "drift/ks.h"
#include "drift/ks_distribution.h"
#include "drift/psi.h"
#include "tests/drift/golden_draw.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

struct Case {
  int kind = 0, reference_rows = 0, rows = 0;
  double shift = 0, missing = 0;
  std::string d, ks_p, ks_p_asymptotic, bins, psi, bias_corrected, p_at_0, p_at_01, jensen_shannon, wasserstein, hellinger, l_infinity,
      chi_square;
};

double Number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

std::vector<Case> ReadCases() {
  std::ifstream file("tests/golden/drift/samples.txt");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    Case c;
    std::string shift, missing;
    std::istringstream(line) >> c.kind >> c.reference_rows >> c.rows >> shift >> missing >> c.d >> c.ks_p >>
        c.ks_p_asymptotic >> c.bins >> c.psi >> c.bias_corrected >> c.p_at_0 >> c.p_at_01 >>
        c.jensen_shannon >> c.wasserstein >> c.hellinger >> c.l_infinity >> c.chi_square;
    c.shift = Number(shift);
    c.missing = Number(missing);
    cases.push_back(c);
  }
  return cases;
}

ReferenceSums Sums(const Window& window) {
  const Reference& reference = window.layout().reference();
  const double rows = static_cast<double>(reference.rows);
  return ReferenceSums(window.layout().feature(0), {reference.features[0].cell_counts, rows, rows});
}

using testing::PlainWindow;

class GoldenTest : public ::testing::Test {
 protected:
  static void ForEach(const std::function<void(std::size_t, const Case&, const std::vector<double>&,
                                               const std::vector<double>&)>& check) {
    const std::vector<Case> cases = ReadCases();
    ASSERT_GE(cases.size(), 300u) << "run from the repository root";
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const Case& c = cases[i];
      SCOPED_TRACE("case " + std::to_string(i) + " kind " + std::to_string(c.kind));
      const double missing = c.kind == 8 && i % 2 == 0 ? 1.0 : c.missing;
      check(i, c, testing::Draw(c.kind, 1000 + i, c.reference_rows, 0, c.missing),
            testing::Draw(c.kind, 9000 + i, c.rows, c.shift, missing));
    }
  }
};

TEST_F(GoldenTest, KsDistanceAndPValue) {
  int exact = 0, asymptotic = 0;
  ForEach([&](std::size_t, const Case& c, const std::vector<double>& reference, const std::vector<double>& current) {
    const Window window = PlainWindow(reference, current, 1000, true);
    const View view = PopulationView(window);
    const ReferenceSums sums = Sums(window);
    const auto cells = EstimateCells(view, 0, sums, EstimateBins(view, 0, sums));
    ASSERT_EQ(cells.has_value(), c.d != "none");  // none: no value on one side
    if (!cells) return;
    const KsTest test(window.layout().feature(0), *cells);
    EXPECT_EQ(test.value(), Number(c.d));  // bit for bit
    EXPECT_EQ(test.upper(), test.value());
    const double p = Number(c.ks_p), n = cells->kept, m = cells->rows;
    if (std::min(n, m) < 30 || n * m <= 250'000) {
      EXPECT_NEAR(test.PValue(0), p, 1e-9 + 1e-7 * p);
      ++exact;
    }
    if (std::min(n, m) >= 30) {
      const double en = std::nearbyint(n * m / (n + m));  // SciPy's law is that of a whole number of rows
      EXPECT_NEAR(KsAsymptoticTail(test.value(), en), Number(c.ks_p_asymptotic), 2e-3);
      ++asymptotic;
    }
  });
  EXPECT_GT(exact, 100);
  EXPECT_GT(asymptotic, 100);
}

TEST_F(GoldenTest, QuantileCellsEncloseTheDistance) {
  ForEach([&](std::size_t, const Case& c, const std::vector<double>& reference, const std::vector<double>& current) {
    if (c.d == "none") return;
    const Window window = PlainWindow(reference, current, 20, false);
    const View view = PopulationView(window);
    const ReferenceSums sums = Sums(window);
    const auto cells = EstimateCells(view, 0, sums, EstimateBins(view, 0, sums));
    const KsTest test(window.layout().feature(0), *cells);
    EXPECT_LE(test.value(), Number(c.d) + 1e-15);
    EXPECT_GE(test.upper(), Number(c.d) - 1e-15);
    EXPECT_LE(test.upper() - test.value(), 0.11);  // two cells' mass at most
  });
}

TEST_F(GoldenTest, PsiAndItsLaw) {
  int checked = 0;
  ForEach([&](std::size_t, const Case& c, const std::vector<double>& reference, const std::vector<double>& current) {
    if (c.d == "none") return;
    const Window window = PlainWindow(reference, current, 1000, true);
    const BinEstimate estimate = EstimateBins(PopulationView(window), 0, Sums(window));
    EXPECT_EQ(estimate.size(), static_cast<std::size_t>(Number(c.bins)));
    EXPECT_FALSE(estimate.measured);
    if (c.jensen_shannon != "-") {
      const double distance = JensenShannonDistance(estimate.reference, estimate.current);
      EXPECT_NEAR(distance, Number(c.jensen_shannon), 1e-12 + 1e-7 * (distance < 1e-6));
    }
    if (c.psi == "-" || EffectiveSamples(estimate) == estimate.kish) return;  // nothing varies: no law to compare
    const PsiTest test(estimate);
    EXPECT_NEAR(test.value(), Number(c.psi), 1e-12 + 1e-10 * test.value());
    EXPECT_NEAR(test.bias_corrected(), Number(c.bias_corrected), 1e-10 * (1 + std::fabs(Number(c.bias_corrected))));
    EXPECT_NEAR(test.PValue(0), Number(c.p_at_0), 1e-6);
    EXPECT_NEAR(test.PValue(0.1), Number(c.p_at_01), 1e-6);
    ++checked;
  });
  EXPECT_GT(checked, 200);
}

// A relative 1e-12, and where the distance itself is the root of rounding errors, those.
void ExpectDistance(double distance, const std::string& golden, double rounding) {
  EXPECT_NEAR(distance, Number(golden), 1e-12 * distance + rounding);
}

TEST_F(GoldenTest, WassersteinDistance) {
  int checked = 0;
  ForEach([&](std::size_t, const Case& c, const std::vector<double>& reference, const std::vector<double>& current) {
    if (c.wasserstein == "-") return;
    const Window window = PlainWindow(reference, current, 1000, true);
    const View view = PopulationView(window);
    const ReferenceSums sums = Sums(window);
    const auto cells = EstimateCells(view, 0, sums, EstimateBins(view, 0, sums));
    const FeatureReference& feature = window.layout().reference().features[0];
    const double distance = WassersteinDistance(window.layout().feature(0), *cells, feature.standard_deviation);
    ExpectDistance(distance, c.wasserstein, 1e-13);
    ++checked;
  });
  EXPECT_GT(checked, 250);
}

TEST_F(GoldenTest, DistancesOverTheBins) {
  int checked = 0;
  ForEach([&](std::size_t, const Case& c, const std::vector<double>& reference, const std::vector<double>& current) {
    if (c.d == "none") return;
    const Window window = PlainWindow(reference, current, 1000, true);
    const BinEstimate estimate = EstimateBins(PopulationView(window), 0, Sums(window));
    ExpectDistance(HellingerDistance(estimate.reference, estimate.current), c.hellinger, 1e-15);
    ExpectDistance(LInfinityDistance(estimate.reference, estimate.current), c.l_infinity, 1e-15);
    ++checked;
    if (c.chi_square == "-" || EffectiveSamples(estimate) == estimate.kish) return;
    const double samples = EffectiveSamples(estimate);
    const auto p = Smooth(estimate.reference, estimate.rows), q = Smooth(estimate.current, samples);
    ExpectDistance(ChiSquareDistance(p, q), c.chi_square, 1e-14);
  });
  EXPECT_GT(checked, 300);
}

}  // namespace
}  // namespace drift
