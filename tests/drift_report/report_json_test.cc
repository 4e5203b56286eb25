#include "drift/report/report_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "drift/report/verdict.h"
#include "tests/drift_report/samples.h"

namespace drift {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(ReportJsonTest, SaysWhatTheEvaluationSays) {
  const auto model = synthetic::Flights(true);
  const json report = json::parse(RenderJson({model->input}, model->evaluation.time_ns));
  EXPECT_EQ(report["schema_version"], 1);
  EXPECT_EQ(report["time"], "2026-05-28T20:26:40Z");
  const json& flights = report["models"][0];
  EXPECT_EQ(flights["model_name"], "flight_delay");
  EXPECT_EQ(flights["state"], "drifted");
  EXPECT_EQ(flights["rows_seen"], 27'413);
  EXPECT_EQ(flights["reference"]["rows"], 166'158);
  EXPECT_EQ(flights["window_seconds"], 3600);
  const json& temp = flights["features"][1];
  EXPECT_EQ(temp["name"], "temp");
  EXPECT_EQ(temp["measures"][0]["measure"], "psi");
  EXPECT_NEAR(temp["measures"][0]["value"], 3.03, 0.01);
  EXPECT_EQ(temp["measures"][0]["state"], "drifted");
  EXPECT_EQ(temp["bins"].size(), 11u);
  EXPECT_FALSE(temp["bins"][0].contains("lower"));
  EXPECT_EQ(flights["strata"].size(), 6u);
  EXPECT_EQ(flights["strata"][0]["stratum"], "UA");
  EXPECT_EQ(flights["history"].size(), 48u);
}

TEST(ReportJsonTest, AReportSaysWhatWasComparedAndHowGoodPredictionsWere) {
  const auto model = synthetic::KeptReport();
  const json report = json::parse(RenderJson({model->input}, 0))["models"][0];
  EXPECT_EQ(report["verdict"]["sentence"], VerdictOf(model->input).sentence);
  EXPECT_EQ(report["comparison"]["current"]["source"], "week-40.parquet, week-41.parquet");
  EXPECT_EQ(report["comparison"]["made"], "2026-10-07T19:06:40Z");
  EXPECT_EQ(report["features"][5]["name"], "carrier");
  EXPECT_EQ(report["features"][5]["appeared"][0], json({{"value", "ZZ"}, {"share", 0.012}}));
  EXPECT_FALSE(report["features"][0].contains("appeared"));
  const json& quality = report["concept_drift"];
  EXPECT_EQ(quality["error"], "log_loss");
  EXPECT_EQ(quality["timeline"].size(), 12u);
  EXPECT_EQ(quality["detectors"][0]["last_alarm"], "2026-10-03T19:06:40Z");
  EXPECT_FALSE(quality["detectors"][1].contains("last_alarm"));
}

TEST(ReportJsonTest, WhatIsNotKnownIsAbsent) {
  auto model = synthetic::Flights(true);
  model->evaluation.population.features[1].measures[0].value = std::numeric_limits<double>::quiet_NaN();
  const std::string text = RenderJson({model->input}, 0);
  EXPECT_THAT(text, Not(HasSubstr("null")));
  EXPECT_THAT(text, Not(HasSubstr("NaN")));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  const json flights = json::parse(text)["models"][0];
  const json& warming = flights["features"][7];
  EXPECT_EQ(warming["name"], "visibility");
  EXPECT_EQ(warming["ready"], false);
  EXPECT_TRUE(warming["measures"].empty());
  EXPECT_FALSE(warming.contains("design_effect"));
  EXPECT_FALSE(flights["features"][1]["measures"][0].contains("value"));
  EXPECT_FALSE(flights["history"][0]["psi"].contains("temp"));  // not ready then
  EXPECT_TRUE(flights["history"][47]["psi"].contains("temp"));
}

TEST(ReportJsonTest, NamesOfAnyBytesMakeValidJson) {
  auto model = synthetic::Flights(false);
  model->evaluation.population.features[0].name = "h\xffr\"\n";
  const json report = json::parse(RenderJson({model->input}, 0));
  EXPECT_EQ(report["models"][0]["features"][0]["name"], "h\\xffr\"\\x0a");
}

TEST(ReportJsonTest, NoModelIsAnEmptyList) { EXPECT_EQ(RenderJson({}, 0), "{\"schema_version\":1,\"models\":[]}\n"); }

}  // namespace
}  // namespace drift
