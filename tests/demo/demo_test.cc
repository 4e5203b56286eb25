// The replay's reading of its file and its own arithmetic.
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "deploy/demo/flight_rows.h"
#include "deploy/demo/label_queue.h"
#include "deploy/demo/replay_results.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace driftserve {
namespace {

using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr char kHeader[] = "seconds,month,hour,day_of_week,distance,temp,dewp,wind_speed,visib,precip,pressure,carrier,origin,label,arrived\n";

absl::StatusOr<FlightRows> Read(const std::string& text) {
  const std::string path = testing::TempDir() + "flights.csv";
  std::ofstream(path) << text;
  return ReadFlightRows(path);
}

TEST(FlightRows, ReadsNumbersTextAndWhatIsMissing) {
  const auto flights = Read(std::string(kHeader) + "18000,7,5.0,0,529,75.02,71.06,4.6,10,0,,US,EWR,1,25200\n");
  ASSERT_TRUE(flights.ok()) << flights.status();
  ASSERT_EQ(flights->rows.size(), 1u);
  const FlightRow& row = flights->rows[0];
  EXPECT_EQ(flights->names[3], "temp");
  EXPECT_EQ(row.seconds, 18000);
  EXPECT_EQ(row.month, 7);
  EXPECT_EQ(row.numbers[3], 75.02);
  EXPECT_TRUE(std::isnan(row.numbers[8]));
  EXPECT_EQ(row.carrier, "US");
  EXPECT_EQ(row.origin, "EWR");
  EXPECT_EQ(row.label, 1);
  EXPECT_EQ(row.arrived, 25200);
}

TEST(FlightRows, NamesTheLineAndTheFieldThatIsWrong) {
  const auto bad = Read(std::string(kHeader) + "1,7,5,0,529,75,71,4,10,0,1013,US,EWR,1,\n2,7,5,0,x,75,71,4,10,0,1013,US,EWR,1,\n");
  EXPECT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(bad.status().message()), HasSubstr(":3: distance: expected a number, got `x`"));
}

TEST(FlightRows, RefusesAFileThatIsNone) {
  EXPECT_EQ(ReadFlightRows("/nowhere/flights.csv").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(Read("a,b\n").ok());
  EXPECT_THAT(std::string(Read(kHeader).status().message()), HasSubstr("holds no flight"));
  const auto backwards = Read(std::string(kHeader) + "5,7,5,0,1,75,71,4,10,0,1013,US,EWR,1,\n4,7,5,0,1,75,71,4,10,0,1013,US,EWR,1,\n");
  EXPECT_THAT(std::string(backwards.status().message()), HasSubstr("ascending"));
}

TEST(AreaUnderCurve, CountsPairsInTheRightOrder) {
  EXPECT_EQ(AreaUnderCurve({0, 0, 1, 1}, {0.1, 0.4, 0.35, 0.8}), 0.75);  // scikit-learn's example
  EXPECT_EQ(AreaUnderCurve({0, 1}, {0.5, 0.5}), 0.5);
  EXPECT_EQ(AreaUnderCurve({0, 1, kNaN}, {0.1, 0.9, 0.0}), 1);
  EXPECT_TRUE(std::isnan(AreaUnderCurve({1, 1}, {0.1, 0.9})));
}

TEST(LabelQueue, ReportsFlightsInTheOrderOfTheirLanding) {
  LabelQueue labels;
  v1::ReportLabelsRequest request;
  EXPECT_FALSE(labels.TakeDue(100, request));
  labels.Add(30, "slow", 1);
  labels.Add(20, "fast", 0);
  EXPECT_EQ(labels.next_due_ns(), 20);
  EXPECT_FALSE(labels.TakeDue(19, request));
  ASSERT_TRUE(labels.TakeDue(20, request));
  ASSERT_EQ(request.labels_size(), 1);
  EXPECT_EQ(request.labels(0).request_id(), "fast");
  EXPECT_EQ(request.labels(0).number(), 0);
  for (int i = 0; i < LabelQueue::kBatch; ++i) labels.Add(40, "more", 1);
  request.Clear();
  ASSERT_TRUE(labels.TakeDue(100, request));
  EXPECT_EQ(request.labels_size(), LabelQueue::kBatch);
  EXPECT_EQ(request.labels(0).request_id(), "slow");
  EXPECT_FALSE(labels.empty());
}

TEST(ReplayResults, WritesAnswersFailuresAndLatencyByMonth) {
  FlightRow row;
  row.month = 7;
  row.carrier = "UA";
  ReplayResults results;
  for (int i = 1; i <= 100; ++i) {
    row.label = i > 50;
    results.Answered(row, i / 100.0, i * 1000);
  }
  results.Failed(row, "code 14: gone");
  results.MonthEnded(7, 1'500'000'000);
  results.Reported(100);
  results.Accepted(99);
  const std::string path = testing::TempDir() + "replay.json";
  ASSERT_TRUE(results.WriteJson(path, 2).ok());
  const auto json = nlohmann::json::parse(std::ifstream(path));
  EXPECT_EQ(json["rows"], 101);
  EXPECT_EQ(json["answered"], 100);
  EXPECT_EQ(json["failed"], 1);
  EXPECT_EQ(json["errors"]["code 14: gone"], 1);
  EXPECT_EQ(json["latency_us"]["p50"], 50);
  EXPECT_EQ(json["latency_us"]["p99"], 99);
  EXPECT_EQ(json["latency_us"]["max"], 100);
  const auto& july = json["months"][0];
  EXPECT_EQ(july["month"], 7);
  EXPECT_EQ(july["auc"], 1);
  EXPECT_EQ(july["late_share"], 0.5);
  EXPECT_EQ(july["ended_at"], 1.5);
  EXPECT_EQ(july["rows_by_carrier"]["UA"], 101);
  EXPECT_EQ(july["labelled_by_carrier"]["UA"], 100);
  EXPECT_EQ(json["labels"]["reported"], 100);
  EXPECT_EQ(json["labels"]["accepted"], 99);
  EXPECT_FALSE(results.WriteJson("/nowhere/replay.json", 2).ok());
}

}  // namespace
}  // namespace driftserve
