#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/publish/kafka_properties.h"

namespace driftserve {

/// What a client tells its user, always from within Poll or Close.
struct KafkaEvents {
  /// Every record that Produce took ends here, once.
  std::function<void(uint64_t tag, rd_kafka_resp_err_t error)> on_delivery;
  /// Brokers away, authentication refused and the like; the client goes on trying by itself.
  std::function<void(rd_kafka_resp_err_t error, const std::string& reason)> on_error;
};

/// One librdkafka producer. Used by one thread; librdkafka's own threads never call back.
class KafkaClient {
 public:
  /// `events` must stay valid until the client is gone. INVALID_ARGUMENT where settings contradict each other.
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Open(const KafkaSettings& settings, const KafkaEvents* events);

  /// Drops what it holds, without a report; Close first.
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  /// Queues the record, or says why not; never waits. `tag` comes back with the delivery.
  rd_kafka_resp_err_t Produce(const OutgoingRecord& record, uint64_t tag);

  /// Serves what is there to report.
  void Poll();

  /// True once this client can deliver nothing more and must be replaced; `reason` then says why.
  bool Failed(std::string& reason) const;

  /// Waits up to `budget_ms` for deliveries, then gives up what is left: reported as errors. Afterwards only destroy.
  void Close(int64_t budget_ms);

 private:
  explicit KafkaClient(const KafkaEvents* events) : events_(events) {}
  static void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque);
  static void OnError(rd_kafka_t*, int error, const char* reason, void* opaque);

  const KafkaEvents* const events_;
  rd_kafka_t* producer_ = nullptr;
};

}  // namespace driftserve
