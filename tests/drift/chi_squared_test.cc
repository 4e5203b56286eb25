#include "drift/chi_squared.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace drift {
namespace {

TEST(ScaledChiSquaredTest, AgreesWithSciPy) {
  std::ifstream file("tests/golden/drift/chi_squared.txt");
  ASSERT_TRUE(file) << "run from the repository root";
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    double freedom, noncentrality, x, tail, at_5, at_1e4;
    ASSERT_TRUE(std::istringstream(line) >> freedom >> noncentrality >> x >> tail >> at_5 >> at_1e4) << line;
    const ScaledChiSquared law{0.01, freedom, noncentrality};
    EXPECT_NEAR(law.UpperTail(0.01 * x), tail, 1e-6) << line;
    if (tail > 1e-12 && tail < 0.5) {
      EXPECT_NEAR(law.UpperTail(0.01 * x) / tail, 1, 1e-4) << line;
    }
    EXPECT_NEAR(law.Threshold(0.05), 0.01 * at_5, 1e-3 * 0.01 * at_5) << line;
    EXPECT_NEAR(law.Threshold(1e-4), 0.01 * at_1e4, 1e-3 * 0.01 * at_1e4) << line;
    ++checked;
  }
  EXPECT_GT(checked, 300);
}

TEST(ScaledChiSquaredTest, ExtremesAreFinite) {
  for (const double scale : {1e-9, 1e-3, 10.0}) {
    for (const double freedom : {1e-6, 0.5, 50.0, 1e6}) {
      for (const double noncentrality : {0.0, 1e-12, 3.0, 1e8}) {
        const ScaledChiSquared law{scale, freedom, noncentrality};
        for (const double x : {0.0, 1e-300, 1e-3, 1.0, 1e6}) {
          const double tail = law.UpperTail(x);
          EXPECT_TRUE(tail >= 0 && tail <= 1) << scale << " " << freedom << " " << noncentrality << " " << x;
        }
        EXPECT_TRUE(std::isfinite(law.Threshold(0.05)));
        EXPECT_TRUE(std::isfinite(law.Threshold(1e-9)));
      }
    }
  }
}

TEST(NormalTest, TailAndQuantileAreInverse) {
  for (const double p : {0.5, 0.05, 1e-4, 1e-9}) EXPECT_NEAR(NormalUpperTail(NormalUpperQuantile(p)) / p, 1, 1e-9);
}

}  // namespace
}  // namespace drift
