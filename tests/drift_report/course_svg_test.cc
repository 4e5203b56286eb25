#include "drift/report/course_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/drift_report/samples.h"

namespace drift {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMinute = 60'000'000'000;

class CourseSvgTest : public testing::Test {
 protected:
  CourseSvgTest() {
    evaluation_.population.features = {synthetic::Numeric({"temp", 0, 1, 1.9, 0, 0})};
    input_.evaluation = &evaluation_;
  }

  std::string Course(std::vector<HistoryPoint> history) {
    input_.history = std::move(history);
    return PsiCourse(input_, evaluation_.population.features.front());
  }

  Evaluation evaluation_;
  ReportInput input_;
};

TEST_F(CourseSvgTest, ALineWithItsThresholds) {
  const std::string svg = Course({{0, {kUnknown}}, {kMinute, {0.1}}, {2 * kMinute, {0.4}}, {3 * kMinute, {0.2}}});
  EXPECT_THAT(svg, HasSubstr("aria-label=\"PSI of temp over 2 min: from 0.100 to 0.200, highest 0.400, alert above "
                             "0.324\""));
  EXPECT_THAT(svg, HasSubstr("<line class=\"alert\""));
  EXPECT_THAT(svg, HasSubstr("<line class=\"warn\""));
  EXPECT_THAT(svg, HasSubstr("points=\"0,29.00 80.000,2.000 160.00,20.00\""));
  EXPECT_THAT(svg, HasSubstr("<span>PSI over 2 min, 3 evaluations</span>"));
}

TEST_F(CourseSvgTest, OfAComparisonThePointsAreParts) {
  input_.comparison.emplace();
  EXPECT_THAT(Course({{0, {0.1}}, {kMinute, {0.2}}}), HasSubstr("<span>PSI over 1 min, 2 parts</span>"));
}

TEST_F(CourseSvgTest, BelowTwoPointsThereIsNone) {
  EXPECT_EQ(Course({}), "");
  EXPECT_EQ(Course({{0, {0.1}}, {kMinute, {kUnknown}}}), "");
  EXPECT_EQ(Course({{0, {0.1}}, {0, {0.2}}}), "");
  EXPECT_EQ(Course({{0, {}}, {kMinute, {}}}), "");
}

TEST_F(CourseSvgTest, WithoutAMeasureThereAreNoThresholds) {
  evaluation_.population.features[0].measures.clear();
  EXPECT_THAT(Course({{0, {0.1}}, {kMinute, {0.2}}}), Not(HasSubstr("<line")));
}

}  // namespace
}  // namespace drift
