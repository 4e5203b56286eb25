#include "server/metrics/serving_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/metrics/text_format.h"

namespace driftserve {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Scrape(ServingState state) {
  ServingCollector collector([state] { return state; }, {"1.2.3", "abc", "2.11.0"});
  return PrometheusText(collector.Collect());
}

TEST(ServingCollectorTest, DevicesAreCountedWhereThereIsOne) {
  auto counters = std::make_shared<ServingCounters>(2);
  EXPECT_THAT(Scrape({{{"m", "4", true, counters}}, 3, 512}), Not(HasSubstr("driftserve_pinned_bytes{")));
  for (size_t thread = 0; thread < 2; ++thread) {
    DeviceCounters& device = counters->slot(thread).device;
    device.pinned_bytes.Set(4096);
    device.slabs.Set(4);
    device.eager_batches.Set(5);
    device.replayed_batches.Set(7);
    device.failed_recordings.Set(1);
  }
  const std::string text = Scrape({{{"m", "4", true, counters}}, 3, 512});
  const std::string model = "{model_name=\"m\",model_version=\"4\"";
  EXPECT_THAT(text, HasSubstr("driftserve_pinned_bytes" + model + "} 8192\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_pinned_slabs_total" + model + "} 8\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_device_batches_total" + model + ",how=\"eager\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_device_batches_total" + model + ",how=\"replayed\"} 14\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_failed_recordings_total" + model + "} 2\n"));
}

TEST(ServingCollectorTest, SumsTheSlotsOfAllThreads) {
  auto counters = std::make_shared<ServingCounters>(2);
  for (size_t thread = 0; thread < 2; ++thread) {
    ServingSlot& slot = counters->slot(thread);
    slot.requests[static_cast<size_t>(Method::kModelInfer)][0].Add(10 + thread);
    slot.requests[static_cast<size_t>(Method::kReportLabels)][5].Add(1);
    slot.request_duration.Observe(20'000);  // 20 µs: at most 32 µs
    slot.batch_rows.Observe(3);
    slot.refused[static_cast<size_t>(Refusal::kHopeless)].Add(4);
    slot.delayed.Add(2);
    slot.halved_batches.Add(3);
    slot.device_faults.Add(1);
  }
  const std::string text = Scrape({{{"m", "4", true, counters}}, 3, 512});
  EXPECT_THAT(
      text,
      HasSubstr(
          "driftserve_requests_total{model_name=\"m\",model_version=\"4\",method=\"ModelInfer\",code=\"OK\"} 21\n"));
  EXPECT_THAT(text, HasSubstr("method=\"ReportLabels\",code=\"NOT_FOUND\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_refused_requests_total{model_name=\"m\",model_version=\"4\","
                              "reason=\"hopeless\"} 8\n"));
  EXPECT_THAT(text, HasSubstr("reason=\"model_share\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_halved_batches_total{model_name=\"m\",model_version=\"4\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_device_faults_total{model_name=\"m\",model_version=\"4\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_delayed_requests_total{model_name=\"m\",model_version=\"4\"} 4\n"));
  EXPECT_THAT(
      text,
      HasSubstr("driftserve_request_duration_seconds_bucket{model_name=\"m\",model_version=\"4\",le=\"1.6e-05\"} 0\n"));
  EXPECT_THAT(
      text,
      HasSubstr("driftserve_request_duration_seconds_bucket{model_name=\"m\",model_version=\"4\",le=\"3.2e-05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_request_duration_seconds_sum{model_name=\"m\",model_version=\"4\"} 4e-05\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_batch_rows_bucket{model_name=\"m\",model_version=\"4\",le=\"2\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_batch_rows_bucket{model_name=\"m\",model_version=\"4\",le=\"4\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_batch_rows_count{model_name=\"m\",model_version=\"4\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_pending_requests 3\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_pending_bytes 512\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_model_ready{model_name=\"m\",model_version=\"4\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_build_info{version=\"1.2.3\",commit=\"abc\",torch=\"2.11.0\"} 1\n"));
}

TEST(ServingCollectorTest, ErrorCountsStartAtZeroSoThatTheFirstErrorIsAnIncrease) {
  const std::string text = Scrape({{{"m", "1", true, std::make_shared<ServingCounters>(1)}}, 0, 0});
  EXPECT_THAT(text, HasSubstr("method=\"ModelInfer\",code=\"RESOURCE_EXHAUSTED\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("method=\"Predict\",code=\"INTERNAL\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("DATA_LOSS")));
}

TEST(ServingCollectorTest, RunsThatHungAreCountedFromZero) {
  auto counters = std::make_shared<ServingCounters>(2);
  const ServingState state = {{{"m", "1", true, counters}}, 0, 0};
  EXPECT_THAT(Scrape(state), HasSubstr("driftserve_hung_runs_total{model_name=\"m\",model_version=\"1\"} 0\n"));
  counters->slot(0).hung_runs.Add();
  counters->slot(1).hung_runs.Add(2);
  EXPECT_THAT(Scrape(state), HasSubstr("driftserve_hung_runs_total{model_name=\"m\",model_version=\"1\"} 3\n"));
}

TEST(ServingCollectorTest, LinesOfTheAccessLogAreCountedWhereThereIsOne) {
  EXPECT_THAT(Scrape({}), Not(HasSubstr("driftserve_access_log_lines_total")));
  ServingState state;
  state.access_lines = AccessLineCounts{5, 2, 1};
  const std::string text = Scrape(state);
  EXPECT_THAT(text, HasSubstr("driftserve_access_log_lines_total{outcome=\"written\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_access_log_lines_total{outcome=\"dropped\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_access_log_lines_total{outcome=\"failed\"} 1\n"));
}

TEST(ServingCollectorTest, AVersionThatIsNotReadySaysSo) {
  const std::string text = Scrape({{{"m", "1", false, nullptr}}, 0, 0});
  EXPECT_THAT(text, HasSubstr("driftserve_model_ready{model_name=\"m\",model_version=\"1\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("driftserve_requests_total")));
}

TEST(ServingCollectorTest, RequestsForNoModelThatIsServedAreCountedAndNothingElse) {
  auto counters = std::make_shared<ServingCounters>(1);
  counters->slot(0).requests[static_cast<size_t>(Method::kModelInfer)][5].Add(7);
  const std::string text = Scrape({{{"", "", false, counters}}, 0, 0});
  EXPECT_THAT(text, HasSubstr("driftserve_requests_total{model_name=\"\",model_version=\"\",method=\"ModelInfer\","
                              "code=\"NOT_FOUND\"} 7\n"));
  EXPECT_THAT(text, Not(HasSubstr("driftserve_model_ready{")));
  EXPECT_THAT(text, Not(HasSubstr("driftserve_request_duration_seconds_bucket{")));
}

TEST(ServingCollectorTest, LoadsAreCountedByHowTheyEnded) {
  ServingState state;
  state.loads = {{"m", "ok", "", 3}, {"m", "failed", "crashed", 1}};
  const std::string text = Scrape(state);
  const std::string loads = "driftserve_model_loads_total{model_name=\"m\",outcome=";
  EXPECT_THAT(text, HasSubstr(loads + "\"ok\",reason=\"\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(loads + "\"failed\",reason=\"crashed\"} 1\n"));
}

}  // namespace
}  // namespace driftserve
