#include "server/rpc/model_statistics.h"

#include <gtest/gtest.h>

namespace driftserve {
namespace {

Model Served() {
  Model model;
  model.settings.name = "m";
  model.version_text = "3";
  model.counters = ServingCounters(2, 4);
  // Thread 0 answered one batch of two requests with three rows; thread 1 one batch of one row, and refused a request.
  ServingSlot& first = model.counters.slot(0);
  first.requests[static_cast<size_t>(Method::kModelInfer)][0].Add(2);
  first.request_duration.Observe(1000);
  first.request_duration.Observe(3000);
  first.queue_ns.Add(300);
  first.infer_ns.Add(2 * 500);
  first.output_ns.Add(2 * 100);
  first.batch(3).count.Add();
  first.batch(3).infer_ns.Add(500);
  first.batch(3).output_ns.Add(100);
  first.last_end_ns.Set(5'000'000);
  ServingSlot& second = model.counters.slot(1);
  second.requests[static_cast<size_t>(Method::kModelStreamInfer)][0].Add(1);
  second.requests[static_cast<size_t>(Method::kModelInfer)][static_cast<size_t>(absl::StatusCode::kInternal)].Add(1);
  second.request_duration.Observe(700);
  second.request_duration.Observe(50);
  second.failed_ns.Add(50);
  second.infer_ns.Add(400);
  second.batch(1).count.Add();
  second.batch(1).infer_ns.Add(400);
  second.last_end_ns.Set(7'000'000);
  return model;
}

TEST(ModelStatistics, CountsAgreeAndNanosecondsAreSums) {
  const Model model = Served();
  inference::ModelStatistics statistics;
  FillStatistics(model, 10'000'000, 1'000'000'000, statistics);
  EXPECT_EQ(statistics.name(), "m");
  EXPECT_EQ(statistics.version(), "3");
  EXPECT_EQ(statistics.inference_count(), 4u);
  EXPECT_EQ(statistics.execution_count(), 2u);
  EXPECT_EQ(statistics.last_inference(), 997u) << "3 ms ago";
  const auto& requests = statistics.inference_stats();
  for (const auto* duration : {&requests.success(), &requests.queue(), &requests.compute_input(),
                               &requests.compute_infer(), &requests.compute_output()}) {
    EXPECT_EQ(duration->count(), 3u);
  }
  EXPECT_EQ(requests.success().ns(), 4700u);
  EXPECT_EQ(requests.fail().count(), 1u);
  EXPECT_EQ(requests.fail().ns(), 50u);
  EXPECT_EQ(requests.queue().ns(), 300u);
  EXPECT_EQ(requests.compute_infer().ns(), 1400u);
  EXPECT_EQ(requests.compute_output().ns(), 200u);
}

TEST(ModelStatistics, LabelsAreNoInferences) {
  Model model = Served();
  auto& reports = model.counters.slot(0).requests[static_cast<size_t>(Method::kReportLabels)];
  reports[0].Add(10);
  reports[static_cast<size_t>(absl::StatusCode::kInvalidArgument)].Add(20);
  inference::ModelStatistics statistics;
  FillStatistics(model, 0, 0, statistics);
  EXPECT_EQ(statistics.inference_stats().success().count(), 3u);
  EXPECT_EQ(statistics.inference_stats().fail().count(), 1u);
}

TEST(ModelStatistics, BatchesAreListedBySize) {
  const Model model = Served();
  inference::ModelStatistics statistics;
  FillStatistics(model, 0, 0, statistics);
  ASSERT_EQ(statistics.batch_stats_size(), 2);
  EXPECT_EQ(statistics.batch_stats(0).batch_size(), 1u);
  EXPECT_EQ(statistics.batch_stats(1).batch_size(), 3u);
  EXPECT_EQ(statistics.batch_stats(1).compute_infer().count(), 1u);
  EXPECT_EQ(statistics.batch_stats(1).compute_infer().ns(), 500u);
  EXPECT_EQ(statistics.batch_stats(1).compute_output().ns(), 100u);
}

TEST(ModelStatistics, AModelThatWasNeverAskedHasNone) {
  Model model;
  inference::ModelStatistics statistics;
  FillStatistics(model, 10, 10, statistics);
  EXPECT_EQ(statistics.last_inference(), 0u);
  EXPECT_EQ(statistics.execution_count(), 0u);
  EXPECT_EQ(statistics.batch_stats_size(), 0);
}

}  // namespace
}  // namespace driftserve
