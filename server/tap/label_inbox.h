#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "server/base/counter.h"
#include "server/base/spsc_ring.h"
#include "server/sample/watched_model.h"

namespace driftserve {

/// A longer text cannot be a label, nor be judged by one.
inline constexpr size_t kMostLabelBytes = 256;

/// The truth about one row, as a client reported it.
struct ReportedLabel {
  std::string request_id;
  uint32_t row = 0;
  std::variant<double, std::string> value;
  int64_t observed_ns = 0;  // Unix
};

/// The labels of one request on their way to the observer.
struct LabelReport {
  std::shared_ptr<WatchedModel> model;  // the newest version of the model that they are for
  int64_t received_ns = 0;              // Unix
  std::vector<ReportedLabel> labels;
};

/// How much may wait for the observer, per poller.
struct LabelInboxLimits {
  size_t reports = 1024;   // rounded up to a power of two
  size_t labels = 65'536;  // of those reports
};

/// One poller's end of the way. Never blocks. Offer by its thread, Take by the observer's, the rest by anyone.
/// Refused: a report that finds so many reports or labels waiting that there is no room within the limits.
class LabelProducer {
 public:
  explicit LabelProducer(LabelInboxLimits limits = {}) : limits_(limits), ring_(limits.reports) {}

  /// False when there is no room; `report` stays with the caller.
  bool Offer(std::unique_ptr<LabelReport>& report);
  /// The next report, in the order of the offers; null when there is none.
  std::unique_ptr<LabelReport> Take();

 private:
  const LabelInboxLimits limits_;
  SpscRing<std::unique_ptr<LabelReport>> ring_;
  SingleWriterCounter offered_, taken_;  // labels
};

/// All reported labels that the observer has not seen yet, and the count of those for models that take none.
/// Thread-safe.
class LabelInbox {
 public:
  explicit LabelInbox(LabelInboxLimits limits = {}) : limits_(limits) {}

  /// A producer for a thread that takes reports; lives as long as the inbox.
  LabelProducer* AddProducer();
  std::vector<LabelProducer*> producers() const;

  SharedCounter unknown_model;  // no model of that name is served
  SharedCounter undeclared;     // its monitor.yaml has no labels

 private:
  const LabelInboxLimits limits_;

  mutable std::mutex mutex_;  // guards producers_
  std::vector<std::unique_ptr<LabelProducer>> producers_;
};

}  // namespace driftserve
