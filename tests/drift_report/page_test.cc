#include "drift/report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/drift_report/synthetic.h"

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
           "<dd>166,158</dd><dd class=\"under\">reference <code "
           "title=\"5f2c9d0a41be77e3a90c12f4d8b6e021\">5f2c9d0a</code>",
           "<span class=\"what\">PSI</span><span class=\"value\">3.03</span>",
           "<span class=\"what\">KS distance</span><span class=\"value\">0.654–0.660</span>",
           "9.3 × the alert threshold",
           "warn 0.148 · alert 0.324",
           "<dt>Effective samples</dt><dd>2,100</dd>",
           "Not judged yet: 88 effective samples, 173 are needed for PSI 0.1",
           "the window (1 h) is shorter than the declared cycle (24 h)",
           "<h2>By stratum</h2>",
           "How to read this page",
           "hash <code>5f2c9d0a41be77e3a90c12f4d8b6e021</code>",
           "Evaluated 2026-05-28T20:26:40Z, every 15 s",
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

TEST(PageTest, NamesCannotBecomeMarkup) {
  auto model = synthetic::Flights(true);
  model->input.model_name = "<script>alert(1)</script>";
  model->reference.hash = "\"><i>";
  model->evaluation.warnings = {"<img src=x onerror=alert(2)>"};
  FeatureResult& feature = model->evaluation.population.features[1];
  feature.name = "\"><svg onload=alert(3)>\xff";
  feature.bins[0].label = "</title><script>alert(4)</script>";
  model->evaluation.population.features[7].reason = "<b>why</b>";
  model->evaluation.strata[0].stratum = "<u>";
  const std::string page = RenderPage(model->input, 0);
  for (const char* markup : {"<script", "<img", "<svg onload", "<b>why", "<u>", "<i>\""}) {
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
