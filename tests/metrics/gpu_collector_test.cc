#include "server/metrics/gpu_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/metrics/nvml.h"
#include "server/metrics/text_format.h"

namespace driftserve {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(GpuCollector, ShowsEveryGpuUnderItsUuidAlone) {
  const GpuSource source = OpenNvml(FAKE_NVML);
  ASSERT_TRUE(source);
  const std::string text = PrometheusText(GpuCollector(source).Collect());
  // perf_analyzer looks for a line that begins like this.
  EXPECT_THAT(text, HasSubstr("\nnv_gpu_utilization{gpu_uuid=\"GPU-0\"} 0.75\n"));
  EXPECT_THAT(text, HasSubstr("\nnv_gpu_utilization{gpu_uuid=\"GPU-1\"} 0.75\n"));
  EXPECT_THAT(text, HasSubstr("\nnv_gpu_power_usage{gpu_uuid=\"GPU-0\"} 61.5\n"));
  EXPECT_THAT(text, HasSubstr("\nnv_gpu_power_limit{gpu_uuid=\"GPU-0\"} 300\n"));
  EXPECT_THAT(text, HasSubstr("\nnv_energy_consumption{gpu_uuid=\"GPU-0\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("\nnv_gpu_memory_used_bytes{gpu_uuid=\"GPU-0\"} 400\n"));
  EXPECT_THAT(text, HasSubstr("\nnv_gpu_memory_total_bytes{gpu_uuid=\"GPU-0\"} 1000\n"));
}

TEST(GpuCollector, WhatAGpuDoesNotSayIsAbsent) {
  const std::string text = PrometheusText(GpuCollector(OpenNvml(FAKE_NVML)).Collect());
  EXPECT_THAT(text, Not(HasSubstr("nv_gpu_power_limit{gpu_uuid=\"GPU-1\"}")));
  EXPECT_THAT(text, Not(HasSubstr("nv_energy_consumption{gpu_uuid=\"GPU-1\"}")));
}

TEST(GpuCollector, WithoutADriverThereIsNothing) {
  EXPECT_FALSE(OpenNvml("libno-such-library.so"));
  EXPECT_TRUE(GpuCollector(nullptr).Collect().empty());
}

TEST(GpuCollector, ALibraryThatIsAnotherIsNotUsed) { EXPECT_FALSE(OpenNvml("libm.so.6")); }

}  // namespace
}  // namespace driftserve
