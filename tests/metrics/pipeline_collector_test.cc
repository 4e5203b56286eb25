#include "server/metrics/pipeline_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/metrics/text_format.h"
#include "tests/fakes/fake_publisher.h"

namespace driftserve {
namespace {

using testing::HasSubstr;

OutgoingRecord Record(uint64_t seq) {
  OutgoingRecord record;
  record.seq = seq;
  return record;
}

TEST(PipelineCollectorTest, EveryRecordIsInExactlyOneOutcome) {
  FakePublisher publisher;
  PipelineCollector collector(&publisher, nullptr, nullptr);
  publisher.FailNext(1, DropReason::kTimedOut);
  for (uint64_t seq = 0; seq < 5; ++seq) publisher.Publish(Record(seq));
  EXPECT_THAT(PrometheusText(collector.Collect()), HasSubstr("driftserve_records_in_flight 5\n"));
  publisher.Poll(nullptr);
  const std::string text = PrometheusText(collector.Collect());
  EXPECT_THAT(text, HasSubstr("driftserve_records_total{outcome=\"sampled\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_records_total{outcome=\"acknowledged\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_records_total{outcome=\"dropped\",reason=\"timed_out\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_records_total{outcome=\"dropped\",reason=\"queue_full\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_records_in_flight 0\n"));
}

TEST(PipelineCollectorTest, StateChangesAreCountedApart) {
  FakePublisher publisher;
  OutgoingRecord event = Record(1);
  event.kind = RecordKind::kEvent;
  publisher.Publish(event);
  const std::string text = PrometheusText(PipelineCollector(&publisher, nullptr, nullptr).Collect());
  EXPECT_THAT(text, HasSubstr("driftserve_records_total{outcome=\"sampled\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_events_total{outcome=\"sampled\"} 1\n"));
}

TEST(PipelineCollectorTest, ASampleThatFindsTheRingFullIsSeen) {
  Tap tap(TapLimits{2, 1000});
  TapProducer* producer = tap.AddProducer();
  PipelineCollector collector(nullptr, &tap, nullptr);
  for (int i = 0; i < 3; ++i) {
    std::unique_ptr<Sample> sample = producer->NewSample();
    sample->byte_size = 100;
    producer->Offer(sample);
  }
  const std::string text = PrometheusText(collector.Collect());
  EXPECT_THAT(text, HasSubstr("driftserve_tap_dropped_samples_total 1\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_tap_queued_bytes 200\n"));
}

TEST(PipelineCollectorTest, ConnectionsOfTheOperationsPortAreCountedByHowTheyEnded) {
  PipelineCollector collector(nullptr, nullptr, [] { return HttpCounts{7, 2, 1}; });
  const std::string text = PrometheusText(collector.Collect());
  EXPECT_THAT(text, HasSubstr("driftserve_operations_connections_total{outcome=\"served\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_operations_connections_total{outcome=\"refused\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("driftserve_operations_connections_total{outcome=\"incomplete\"} 1\n"));
}

}  // namespace
}  // namespace driftserve
