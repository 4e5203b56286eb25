#include "server/metrics/pipeline_collector.h"

#include <utility>
#include <vector>

#include "server/metrics/families.h"

namespace driftserve {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

struct OutcomeNames {
  const char* total;
  const char* total_help;
  const char* in_flight;
  const char* in_flight_help;
};
constexpr OutcomeNames kRecords = {
    "driftserve_records_total", "Sampled records by outcome. At rest sampled = acknowledged + in flight + dropped.",
    "driftserve_records_in_flight", "Sampled records queued or sent, without an answer yet."};
constexpr OutcomeNames kEvents = {
    "driftserve_events_total", "State changes to be published, by outcome, as driftserve_records_total.",
    "driftserve_events_in_flight", "State changes queued or sent, without an answer yet."};

void AddOutcomes(const OutcomeNames& names, const PublishCounts& counts, std::vector<MetricFamily>& all) {
  FamilyBuilder total(names.total, names.total_help, MetricType::Counter);
  total.Add({Label("outcome", "sampled")}, static_cast<double>(counts.sampled));
  total.Add({Label("outcome", "acknowledged")}, static_cast<double>(counts.acknowledged));
  for (int i = 0; i < kDropReasonCount; ++i) {
    total.Add({Label("outcome", "dropped"), Label("reason", Name(static_cast<DropReason>(i)))},
              static_cast<double>(counts.dropped[i]));
  }
  total.MoveTo(all);
  FamilyBuilder in_flight(names.in_flight, names.in_flight_help, MetricType::Gauge);
  in_flight.Add({}, static_cast<double>(counts.in_flight));
  in_flight.MoveTo(all);
}

void AddTap(const Tap& tap, std::vector<MetricFamily>& all) {
  uint64_t dropped = 0;
  uint64_t bytes = 0;
  for (const TapProducer* producer : tap.producers()) {
    dropped += producer->dropped_samples();
    bytes += producer->queued_bytes();
  }
  FamilyBuilder drops("driftserve_tap_dropped_samples_total",
                      "Requests with selected rows that found the ring to the observer full; their rows are counted in "
                      "model_stratum_rows_total, outcome dropped.",
                      MetricType::Counter);
  drops.Add({}, static_cast<double>(dropped));
  drops.MoveTo(all);
  FamilyBuilder queued("driftserve_tap_queued_bytes", "Bytes waiting for the observer.", MetricType::Gauge);
  queued.Add({}, static_cast<double>(bytes));
  queued.MoveTo(all);
}

void AddConnections(const HttpCounts& counts, std::vector<MetricFamily>& all) {
  FamilyBuilder connections("driftserve_operations_connections_total",
                            "Connections to the operations port: served, refused above the limit, or incomplete (no "
                            "whole request in time).",
                            MetricType::Counter);
  connections.Add({Label("outcome", "served")}, static_cast<double>(counts.served));
  connections.Add({Label("outcome", "refused")}, static_cast<double>(counts.refused));
  connections.Add({Label("outcome", "incomplete")}, static_cast<double>(counts.incomplete));
  connections.MoveTo(all);
}

}  // namespace

PipelineCollector::PipelineCollector(const Publisher* publisher, const Tap* tap, std::function<HttpCounts()> http)
    : publisher_(publisher), tap_(tap), http_(std::move(http)) {}

std::vector<MetricFamily> PipelineCollector::Collect() const {
  std::vector<MetricFamily> all;
  if (publisher_ != nullptr) {
    AddOutcomes(kRecords, publisher_->Counts(), all);
    AddOutcomes(kEvents, publisher_->EventCounts(), all);
  }
  if (tap_ != nullptr) AddTap(*tap_, all);
  if (http_) AddConnections(http_(), all);
  return all;
}

}  // namespace driftserve
