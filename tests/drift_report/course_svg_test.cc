#include "drift/report/course_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "drift/report/summary.h"
#include "tests/drift_report/samples.h"

namespace drift {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMinute = 60'000'000'000;

TEST(CourseSvgTest, ALineWithItsThresholds) {
  const FeatureResult feature = synthetic::Numeric({"temp", 0, 1, 1.9, 0, 0});
  const std::string svg = PsiCourse({{0, {kUnknown}}, {kMinute, {0.1}}, {2 * kMinute, {0.4}}, {3 * kMinute, {0.2}}}, 0,
                                    "temp", Find(feature, Measure::kPsi));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"PSI of temp over 2 min: from 0.100 to 0.200, highest 0.400, alert above "
                             "0.324\""));
  EXPECT_THAT(svg, HasSubstr("<line class=\"alert\""));
  EXPECT_THAT(svg, HasSubstr("<line class=\"warn\""));
  EXPECT_THAT(svg, HasSubstr("points=\"0,29.00 80.000,2.000 160.00,20.00\""));
}

TEST(CourseSvgTest, BelowTwoPointsThereIsNone) {
  EXPECT_EQ(PsiCourse({}, 0, "temp", nullptr), "");
  EXPECT_EQ(PsiCourse({{0, {0.1}}, {kMinute, {kUnknown}}}, 0, "temp", nullptr), "");
  EXPECT_EQ(PsiCourse({{0, {0.1}}, {0, {0.2}}}, 0, "temp", nullptr), "");
  EXPECT_EQ(PsiCourse({{0, {0.1}}, {kMinute, {0.2}}}, 1, "temp", nullptr), "");
}

TEST(CourseSvgTest, WithoutAMeasureThereAreNoThresholds) {
  EXPECT_THAT(PsiCourse({{0, {0.1}}, {kMinute, {0.2}}}, 0, "<x>", nullptr), Not(HasSubstr("<line")));
}

}  // namespace
}  // namespace drift
