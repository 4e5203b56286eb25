#include "drift/report/summary_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/drift_report/samples.h"

namespace drift {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SummaryTextTest, AReportInOneScreen) {
  EXPECT_EQ(RenderSummary(synthetic::KeptReport()->input),
            R"(flight_delay version 1: drifted
2 of 9 features drifted, worst temp (PSI 3.03, alert above 0.324); predictions
moved: p_late (PSI 0.238, warning above 0.148); labels are stable; quality
fell since 3 October.

Worst features             measure       value  warning    alert    state
  temp                       PSI            3.03    0.148    0.324  drifted
  dewp                       PSI            1.52    0.148    0.324  drifted
  pressure                   PSI           0.149    0.148    0.324  warning
  distance                   PSI          0.0009    0.148    0.324   stable
  carrier                    PSI          0.0144    0.148    0.324   stable
  and 2 more, none of them drifted
Not judged: visibility (88 effective samples, 173 are needed for PSI 0.1)
New categories: carrier ZZ 1.2 %, carrier QX 0.4 %, origin SWF 0.07 %
Strata: 6, drift in 5; only there: distance in HA
Predictions: p_late warning, PSI 0.238, alert above 0.324
Labels: late stable, PSI 0.0005, alert above 0.324
Quality: drifted, log_loss 0.467, 18,204 labels, 93.4 % joined, lag 2 h 24 min
Current: 27,413 rows, 2026-09-23T19:06:40Z to 2026-10-07T17:06:40Z
  week-40.parquet, week-41.parquet, hash b1946ac92492
Reference: 166,158 rows, 2025-12-11T19:06:40Z to 2026-08-08T19:06:40Z
  reference.pb, hash 5f2c9d0a41be
Made 2026-10-07T19:06:40Z by drift 0.1.0
Next: see how temp moved, then check its source, unit and joins.
)");
}

TEST(SummaryTextTest, ALiveModelSaysItsWindow) {
  const std::string text = RenderSummary(synthetic::Flights(false)->input);
  EXPECT_THAT(text, HasSubstr("Rows: 2,940 sampled of 27,413 in 1 h, to 2026-05-28T20:26:55Z\n"));
  EXPECT_THAT(text, HasSubstr("Next: nothing needs to be done.\n"));
}

TEST(SummaryTextTest, FilesHaveNoVersion) {
  const auto model = synthetic::KeptReport();
  model->input.model_version.clear();
  EXPECT_THAT(RenderSummary(model->input), testing::StartsWith("flight_delay: drifted\n"));
}

TEST(SummaryTextTest, FitsAnEmailWhateverTheNames) {
  for (const synthetic::Sample& sample : synthetic::Samples()) {
    const std::string text = RenderSummary(sample.model->input);
    EXPECT_EQ(text.back(), '\n') << sample.name;
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), kSummaryLines) << sample.name;
    EXPECT_THAT(text, Not(HasSubstr("nan"))) << sample.name;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const auto columns = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
      EXPECT_LE(columns, kSummaryColumns) << sample.name << ": " << line;
      EXPECT_TRUE(std::none_of(line.begin(), line.end(), [](char c) { return c >= 0 && c < 0x20; })) << line;
    }
  }
}

TEST(SummaryTextTest, WhereToLookNextFollowsWhatHappened) {
  auto model = synthetic::Flights(false);
  model->evaluation.concept_drift = synthetic::Quality(true);
  EXPECT_THAT(RenderSummary(model->input), HasSubstr("Next: the features hold but errors changed;"));
  model->evaluation.concept_drift.reset();
  model->evaluation.model_state = State::kWarming;
  EXPECT_THAT(RenderSummary(model->input), HasSubstr("Next: more rows are needed"));
}

}  // namespace
}  // namespace drift
