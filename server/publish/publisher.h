#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace driftserve {

/// One message on its way to a topic.
struct OutgoingRecord {
  uint64_t seq = 0;  // the record's own number: what an acknowledgement names
  std::string topic;
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Why a record was dropped; also the label value of driftserve_records_total.
enum class DropReason { kNoBroker, kQueueFull, kTooLarge, kTimedOut, kRejected, kShutdown };
inline constexpr int kDropReasonCount = 6;
const char* Name(DropReason reason);

/// Where a record ended. Every record given to Publish ends exactly once.
struct Delivery {
  uint64_t seq;
  bool acknowledged;
  DropReason reason;  // when not acknowledged
};

/// Counts of one publisher at one moment. sampled = acknowledged + in_flight + Σ dropped, exactly.
struct PublishCounts {
  uint64_t sampled = 0;
  uint64_t acknowledged = 0;
  uint64_t in_flight = 0;
  uint64_t dropped[kDropReasonCount] = {};
};

/// Takes records and delivers them, some time, in order of nothing. Never blocks.
///
/// Thread safety: Publish and Poll by one thread (the observer); Counts by anyone; Flush once, at the end.
class Publisher {
 public:
  virtual ~Publisher() = default;

  /// Takes the record over. What cannot be queued is dropped and counted.
  virtual void Publish(OutgoingRecord record) = 0;

  /// Serves delivery reports without waiting; `on_delivery` (may be empty) is called for each.
  virtual void Poll(const std::function<void(const Delivery&)>& on_delivery) = 0;

  /// Waits up to `budget_ms` for what is in flight; the rest is dropped, reason kShutdown.
  virtual void Flush(int64_t budget_ms) = 0;

  virtual PublishCounts Counts() const = 0;
};

}  // namespace driftserve
