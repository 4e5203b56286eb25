#include "drift/report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/drift_report/samples.h"

namespace drift {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(PageTest, ShowsWhatAPersonAsksFor) {
  const auto model = synthetic::Flights(true);
  const std::string page = RenderPage(model->input, 0);
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  for (const char* part : {
           "<h1>flight_delay <span class=\"version\">version 1</span></h1>",
           "2 of 8 features drifted, worst temp (PSI 3.03, alert above 0.324);",
           "<dt>Rows answered</dt><dd>27,413</dd><dd class=\"under\">in the last 1 h</dd>",
           "<dd>166,158</dd><dd class=\"under\">hash <code>5f2c9d0a</code>",
           "<dt>Features drifted</dt><dd>2 of 7</dd>",
           "<span class=\"what\">PSI</span><span class=\"value\">3.03</span>",
           "<span class=\"what\">KS distance</span><span class=\"value\">0.654–0.660</span>",
           "9.3 × the alert threshold",
           "warn 0.148 · alert 0.324",
           "<dt>Effective samples</dt><dd>2,100 <small>of 2,940 rows</small>",
           "Not judged yet: 88 effective samples, 173 are needed for PSI 0.1",
           "the window (1 h) is shorter than the declared cycle (24 h)",
           "By stratum</h2>",
           "How to read it</h2>",
           "<td><code>5f2c9d0a41be77e3a90c12f4d8b6e021</code></td>",
           "<dt>Evaluated</dt><dd>2026-05-28T20:26:40Z</dd>",
           "<dt>Evaluated every</dt><dd>15 s</dd>",
       }) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(PageTest, LoadsNothingFromAnywhere) {
  const auto model = synthetic::Flights(true);
  const std::string page = RenderPage(model->input, 2000);
  for (const char* outside : {"http://", "https://", "src=", "<link", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
}

TEST(PageTest, OnlyALivePageHasAScript) {
  const auto model = synthetic::Flights(true);
  EXPECT_THAT(RenderPage(model->input, 0), Not(HasSubstr("<script")));
  EXPECT_THAT(RenderPage(model->input, 2000), HasSubstr("<script data-every=\"2000\">"));
  EXPECT_THAT(RenderPage(model->input, 2000), HasSubstr(RenderPart(model->input)));
}

TEST(PageTest, AReportToKeepSaysWhatWasComparedAndHowGoodPredictionsWere) {
  const auto model = synthetic::KeptReport();
  const std::string page = RenderPage(model->input, 0);
  for (const char* part : {
           "<dt>Current rows</dt><dd>27,413</dd>",
           "<h4>Categories that appeared</h4><ul><li>ZZ <b>1.2 %</b></li><li>QX <b>0.4 %</b></li></ul>",
           "One value in reference and traffic.",
           "Quality: predictions against labels</h2>",
           "<svg class=\"quality\"",
           "<title>ADWIN alarm, 2026-10-03T19:06:40Z</title>",
           "<dt>Join rate</dt><dd>93.4\u202f%</dd>",
           "<dt>Label lag, median</dt><dd>2 h 24 min</dd>",
           "What was compared with what</h2>",
           "<td>reference.pb</td><td>week-40.parquet, week-41.parquet</td>",
           "<td>166,158</td><td>27,413</td>",
           "<td>2025-12-11T19:06:40Z</td><td>2026-09-23T19:06:40Z</td>",
           "<dd>inclusion probability, column pi</dd>",
           "<dd>drift 0.1.0</dd>",
           "<details class=\"how card\" data-key=\"how\" open>",
       }) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(PageTest, EverySectionIsLinkedAndNoOther) {
  const std::string kept = RenderPage(synthetic::KeptReport()->input, 0);
  for (const char* id : {"overview", "features", "predictions", "labels", "quality", "strata", "data", "how"}) {
    EXPECT_THAT(kept, HasSubstr(std::string("<a href=\"#") + id + "\""));
  }
  const std::string stable = RenderPage(synthetic::Flights(false)->input, 0);
  EXPECT_THAT(stable, Not(HasSubstr("href=\"#labels\"")));
  EXPECT_THAT(stable, Not(HasSubstr("href=\"#quality\"")));
}

TEST(PageTest, FiftyFeaturesInSixteenStrataStaySmall) {
  const std::string page = RenderPage(synthetic::Large()->input, 0);
  EXPECT_LT(page.size(), 1'000'000u);
  EXPECT_THAT(page, HasSubstr("<a href=\"#f3\" data-key=\"f3 link\">sensor_3</a>"));
}

TEST(PageTest, NamesCannotBecomeMarkup) {
  const auto model = synthetic::Hostile();
  const std::string page = RenderPage(model->input, 0);
  for (const char* markup : {"<script", "<img", "<svg onload", "<b>why", "<b>few", "<u>", "<i>\"", "<em>", "<a href=j",
                             "javascript:alert(5)>", "\xe2\x80\xae", "\x1b", "\x7f"}) {
    EXPECT_THAT(page, Not(HasSubstr(markup)));
  }
  EXPECT_THAT(page, HasSubstr("&quot;&gt;&lt;svg onload=alert(3)&gt;\\xff"));
}

TEST(PageTest, NothingThatIsNotANumberIsShown) {
  auto model = synthetic::Flights(true);
  for (HistoryPoint& point : model->input.history)
    point.psi.assign(point.psi.size(), std::numeric_limits<double>::quiet_NaN());
  const std::string page = RenderPage(model->input, 0);
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_THAT(page, Not(HasSubstr("class=\"course\"")));
}

TEST(PageTest, ABareEvaluationHasAPage) {
  Evaluation evaluation;
  ReportInput input;
  input.model_name = "m";
  input.evaluation = &evaluation;
  EXPECT_THAT(RenderPage(input, 0), HasSubstr("Too few rows to judge yet."));
}

TEST(PageTest, TheIndexLinksEveryModel) {
  EXPECT_THAT(RenderIndex({{"m", "3", State::kWarning}}), HasSubstr("href=\"drift/m?version=3\""));
  EXPECT_THAT(RenderIndex({}), HasSubstr("No model is watched yet."));
}

}  // namespace
}  // namespace drift
