#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace driftserve {

/// What a message is: a sampled row, or a state change. Counted apart, so that the consumed records of the sample topic
/// can be held against the counts of samples.
enum class RecordKind : uint8_t { kSample, kEvent };

/// One message on its way to a topic.
struct OutgoingRecord {
  RecordKind kind = RecordKind::kSample;
  uint64_t seq = 0;  // the record's own number among its kind, below 2^63: what an acknowledgement names
  std::string topic = {};
  std::string key = {};
  std::string value = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Why a record was dropped.
enum class DropReason {
  kNoBroker,   // none is configured
  kQueueFull,  // the bounded queue held as much as it may
  kTooLarge,   // above message.max.bytes of this side or of the broker
  kTimedOut,   // not delivered within kafka.delivery_timeout_ms
  kRejected,   // refused for good by the broker, or lost with a client that had to be replaced
  kShutdown,   // not delivered when the server ended
};
inline constexpr int kDropReasonCount = 6;
/// The label value of driftserve_records_total: "no_broker", "queue_full", "too_large", "timed_out", "rejected",
/// "shutdown".
const char* Name(DropReason reason);

/// Where a record ended. Every record given to Publish ends exactly once.
struct Delivery {
  RecordKind kind;
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
/// Thread safety: Publish, Poll and Flush by one thread (the observer); counts by anyone.
/// Lifetime: Flush once, at the end; what is published after it is dropped, reason kShutdown.
class Publisher {
 public:
  virtual ~Publisher() = default;

  /// Takes the record over. What cannot be queued is dropped and counted.
  virtual void Publish(OutgoingRecord record) = 0;

  /// Serves delivery reports without waiting; `on_delivery` (may be empty) is called for each record that ended since
  /// the last call, in Publish or here.
  virtual void Poll(const std::function<void(const Delivery&)>& on_delivery) = 0;

  /// Waits up to `budget_ms` for what is in flight; the rest is dropped, reason kShutdown.
  virtual void Flush(int64_t budget_ms) = 0;

  /// Of the sampled rows: what driftserve_records_total and driftserve_records_in_flight say.
  virtual PublishCounts Counts() const = 0;

  /// Of the state changes.
  virtual PublishCounts EventCounts() const = 0;
};

}  // namespace driftserve
