#include "drift/report/heat_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/drift_report/samples.h"

namespace drift {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t Matches(const std::string& html, const std::string& pattern) {
  const std::regex expression(pattern);
  return static_cast<std::size_t>(
      std::distance(std::sregex_iterator(html.begin(), html.end(), expression), std::sregex_iterator()));
}

TEST(HeatMapTest, WithoutStrataThereIsNone) { EXPECT_EQ(HeatMap(Evaluation()), ""); }

TEST(HeatMapTest, EveryCellHasItsNumberAndMarksWhatMoved) {
  const auto model = synthetic::KeptReport();
  const std::string html = HeatMap(model->evaluation);
  // "distance" in HA: the one red cell in its line.
  EXPECT_THAT(html, HasSubstr("<b>▲▲<i>drifted</i></b>1.11</td>"));
  EXPECT_THAT(html, HasSubstr("<b>△<i>warning</i></b>0.112</td>"));
  EXPECT_THAT(html, HasSubstr("title=\"alert above 0.324, 260 rows\">"));
  EXPECT_EQ(Matches(html, "<td class=\"h[0-4]\" [^>]*>(<b>[^0-9]*</b>)?[0-9.]+</td>"), 8u * 5);
  EXPECT_THAT(html, HasSubstr("<td title=\"41 effective samples, 173 are needed\">–</td>"));
}

TEST(HeatMapTest, UnderObservationTheThresholdsSpeak) {
  auto model = synthetic::Flights(true);
  for (ViewResult& view : model->evaluation.strata) {
    for (FeatureResult& feature : view.features) feature.state = State::kObserving;
  }
  EXPECT_THAT(HeatMap(model->evaluation), HasSubstr("▲▲<i>drifted</i></b>2.27</td>"));
}

TEST(HeatMapTest, ATableIsAsWideAsPaper) {
  auto model = synthetic::Large();
  EXPECT_EQ(Matches(HeatMap(model->evaluation), "<table>"), 1u);
  synthetic::AddStrata(*model, 17);
  const std::string html = HeatMap(model->evaluation);
  EXPECT_EQ(Matches(html, "<table>"), 2u);
  EXPECT_THAT(html, HasSubstr("<caption>PSI by feature and stratum, strata 17 to 17 of 17</caption>"));
}

TEST(HeatMapTest, BeyondTheLimitTheStrataWithTheMostRowsAreShown) {
  auto model = synthetic::Flights(false);
  synthetic::AddStrata(*model, 70);
  std::swap(model->evaluation.strata[0], model->evaluation.strata[69]);
  const std::string html = HeatMap(model->evaluation);
  EXPECT_THAT(html, HasSubstr("The 64 strata with the most rows of 70."));
  EXPECT_THAT(html, HasSubstr(">tier-1<small>"));
  EXPECT_THAT(html, Not(HasSubstr(">tier-65<small>")));
}

TEST(HeatMapTest, TheTableIsOneForThoseWhoHearIt) {
  const std::string html = HeatMap(synthetic::KeptReport()->evaluation);
  EXPECT_EQ(Matches(html, "<th scope=\"col\">"), 7u);
  EXPECT_EQ(Matches(html, "<th scope=\"row\">"), 11u);
  EXPECT_THAT(html, HasSubstr("role=\"region\" tabindex=\"0\" aria-label=\"PSI by feature and stratum\""));
}

}  // namespace
}  // namespace drift
