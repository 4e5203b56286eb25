#include "drift/report/quality_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/drift_report/samples.h"

namespace drift {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kNow = 1'791'400'000'000'000'000;

TEST(QualitySvgTest, ErrorsGoUpWhereTheyRise) {
  const std::string svg = QualitySvg(synthetic::Quality(true), kNow);
  const std::regex circle("<circle cx=\"([0-9.]+)\" cy=\"([0-9.]+)\"");
  std::vector<std::pair<double, double>> points;
  for (std::sregex_iterator at(svg.begin(), svg.end(), circle), end; at != end; ++at) {
    points.emplace_back(std::stod((*at)[1]), std::stod((*at)[2]));
  }
  ASSERT_EQ(points.size(), 12u);
  for (std::size_t i = 1; i < points.size(); ++i) EXPECT_GT(points[i].first, points[i - 1].first);
  EXPECT_LT(points[8].second, points[7].second - 40);
}

TEST(QualitySvgTest, AlarmsStandAtTheirTimes) {
  const std::string svg = QualitySvg(synthetic::Quality(true), kNow);
  EXPECT_THAT(svg, HasSubstr("<title>ADWIN alarm, 2026-10-03T19:06:40Z</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>Page–Hinkley alarm, 2026-10-04T19:06:40Z</title>"));
  EXPECT_THAT(QualitySvg(synthetic::Quality(false), kNow), Not(HasSubstr("alarm, ")));
}

TEST(QualitySvgTest, BelowTwoSpansThereIsNone) {
  ConceptResult quality = synthetic::Quality(true);
  quality.timeline.resize(1);
  EXPECT_EQ(QualitySvg(quality, kNow), "");
}

TEST(QualitySvgTest, AConstantErrorIsALine) {
  ConceptResult quality = synthetic::Quality(false);
  for (QualityPoint& point : quality.timeline) point.error = 0;
  EXPECT_THAT(QualitySvg(quality, kNow), Not(HasSubstr("nan")));
}

TEST(QualitySectionTest, SaysWhatEachDetectorSays) {
  Evaluation evaluation;
  EXPECT_EQ(QualitySection(evaluation), "");
  evaluation.time_ns = kNow;
  evaluation.concept_drift = synthetic::Quality(true);
  const std::string html = QualitySection(evaluation);
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">DDM</th><td><span class=\"badge warning\">warning</span></td>"
                              "<td>0.460</td><td>0.490</td><td>0</td><td>–</td>"));
  EXPECT_THAT(html, HasSubstr("<td>0.163</td><td>0.0710</td><td>1</td><td>3 October</td>"));
}

TEST(QualitySectionTest, BeforeLabelsCameItSaysWhy) {
  Evaluation evaluation;
  evaluation.concept_drift.emplace();
  evaluation.concept_drift->reason = "12 labels joined, 100 are needed";
  const std::string html = QualitySection(evaluation);
  EXPECT_THAT(html, HasSubstr("Not judged yet: 12 labels joined, 100 are needed"));
  EXPECT_THAT(html, HasSubstr("Too few labels to draw a course."));
}

}  // namespace
}  // namespace drift
