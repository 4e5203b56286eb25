#include "drift/report/histogram_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/drift_report/synthetic.h"

namespace drift {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Box {
  double x, width, height;
};

std::vector<Box> Boxes(const std::string& svg, const std::string& style) {
  const std::regex pattern("class=\"" + style +
                           "\" x=\"([-0-9.]+)\" y=\"[-0-9.]+\" width=\"([0-9.]+)\" height=\"([0-9.]+)\"");
  std::vector<Box> boxes;
  for (std::sregex_iterator at(svg.begin(), svg.end(), pattern), end; at != end; ++at) {
    boxes.push_back({std::stod((*at)[1]), std::stod((*at)[2]), std::stod((*at)[3])});
  }
  return boxes;
}

FeatureReference Range(double minimum, double maximum) {
  FeatureReference reference;
  reference.minimum = minimum;
  reference.maximum = maximum;
  return reference;
}

TEST(HistogramSvgTest, OnTheAxisOfValuesAreasAreShares) {
  const FeatureResult feature = synthetic::Numeric({"temp", 0, 1, 1, 0, 0});
  const FeatureReference reference = Range(-3, 3);
  const std::vector<Box> boxes = Boxes(HistogramSvg(feature, &reference), "ref");
  ASSERT_EQ(boxes.size(), 10u);
  // Ten bins of equal share: the wider, the lower (drawn with a margin of 1.5).
  for (const Box& box : boxes)
    EXPECT_NEAR((box.width + 1.5) * box.height, (boxes[0].width + 1.5) * boxes[0].height, 60);
  EXPECT_GT(boxes[4].height, 3 * boxes[0].height);
}

TEST(HistogramSvgTest, ABinWithoutWidthMakesAllBinsEquallyWide) {
  FeatureResult feature = synthetic::Numeric({"rain", 0, 1, 1, 0, 0});
  feature.bins[0].upper = -3.0;  // a singleton at the minimum
  const FeatureReference reference = Range(-3, 3);
  const std::vector<Box> boxes = Boxes(HistogramSvg(feature, &reference), "ref");
  ASSERT_EQ(boxes.size(), 10u);
  for (const Box& box : boxes) EXPECT_NEAR(box.width, boxes[0].width, 0.1);
}

TEST(HistogramSvgTest, HeightsOfCategoriesAreShares) {
  const FeatureResult feature =
      synthetic::Categorical("origin", {"EWR", "JFK", "other", "unseen"}, {.5, .25, .25, 0}, {.25, .5, .2, .05});
  const std::string svg = HistogramSvg(feature, nullptr);
  const std::vector<Box> training = Boxes(svg, "ref"), now = Boxes(svg, "cur");
  ASSERT_EQ(training.size(), 4u);
  EXPECT_NEAR(training[0].height, 2 * training[1].height, 0.1);
  EXPECT_NEAR(now[1].height, 2 * now[0].height, 0.1);
  EXPECT_THAT(svg, HasSubstr("<title>EWR: reference 50.0\u202f%, current 25.0\u202f%</title>"));
}

TEST(HistogramSvgTest, MissingStandsApartWhereThereIsAny) {
  EXPECT_THAT(HistogramSvg(synthetic::Numeric({"p", 0, 1, 0, 0.2, 0.1}), nullptr), HasSubstr(">missing</text>"));
  EXPECT_THAT(HistogramSvg(synthetic::Numeric({"p", 0, 1, 0, 0, 0}), nullptr), Not(HasSubstr(">missing</text>")));
}

TEST(HistogramSvgTest, OfManyCategoriesTheLargestAreShown) {
  std::vector<std::string> labels;
  std::vector<double> shares, now;
  for (int i = 0; i < 50; ++i) {
    labels.push_back("c" + std::to_string(i));
    shares.push_back(0.02);
    now.push_back(i == 49 ? 0.3 : 0.7 / 49);
  }
  const std::string svg = HistogramSvg(synthetic::Categorical("c", labels, shares, now), nullptr);
  EXPECT_EQ(Boxes(svg, "ref").size(), 14u);
  EXPECT_THAT(svg, HasSubstr("c49: reference"));
}

TEST(HistogramSvgTest, BeforeThereAreRowsOnlyTheReferenceIsDrawn) {
  const std::string svg = HistogramSvg(synthetic::Warming("v", "88 of 173"), nullptr);
  EXPECT_EQ(Boxes(svg, "ref").size(), 10u);
  EXPECT_TRUE(Boxes(svg, "cur").empty());
}

TEST(HistogramSvgTest, ThoseWhoDoNotSeeItHearTheLargestChange) {
  const FeatureResult feature = synthetic::Categorical("origin", {"EWR", "JFK"}, {.5, .5}, {.2, .8});
  EXPECT_THAT(HistogramSvg(feature, nullptr),
              HasSubstr("role=\"img\" aria-label=\"Histogram of origin: reference and current; the largest change is "
                        "JFK: reference 50.0\u202f%, current 80.0\u202f%\""));
  EXPECT_THAT(HistogramSvg(synthetic::Warming("v", "88 of 173"), nullptr),
              HasSubstr("Histogram of v: the reference only"));
}

TEST(HistogramSvgTest, ALongLabelIsCutBeforeItReachesTheNext) {
  const std::vector<double> shares(14, 1.0 / 14);
  std::vector<std::string> labels(14, "ATL");
  labels[13] = "other";
  EXPECT_THAT(HistogramSvg(synthetic::Categorical("c", labels, shares, shares), nullptr), HasSubstr(">oth…</text>"));
}

TEST(HistogramSvgTest, LabelsAreEscaped) {
  const std::string svg = HistogramSvg(synthetic::Categorical("<f>", {"<b>\xff"}, {1}, {1}), nullptr);
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
  EXPECT_THAT(svg, HasSubstr("&lt;b&gt;\\xff"));
}

}  // namespace
}  // namespace drift
