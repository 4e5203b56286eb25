#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/publish/publisher.h"

namespace driftserve {

/// The options `kafka.*` of the server's configuration, which states their bounds.
struct KafkaSettings {
  std::string brokers = {};                        // "host:9092,host2:9092"; not empty
  int64_t queue_messages = 50'000;                 // records that may wait or be in flight
  int64_t queue_bytes = int64_t{256} << 20;        // likewise, bytes; rounded down to KiB, at least 1 KiB
  int64_t linger_ms = 50;                          // how long a batch is filled
  int64_t delivery_timeout_ms = 0;                 // 0: a record waits as long as it takes
  std::string compression = "lz4";                 // none, gzip, snappy, lz4, zstd
  std::map<std::string, std::string> properties = {};   // further ones of librdkafka, as they are
};

/// Delivers to Kafka: idempotent, acknowledged by all in-sync replicas, keys to partitions as the JVM clients do
/// (murmur2_random).
///
/// A broker that is away is no error: records wait in the bounded queue, what cannot wait is dropped and counted, and
/// everything goes on by itself when it is back. A fatal error of the client (the idempotent producer lost its place)
/// replaces the client; what it still held is dropped, reason kRejected. `log` is told once of each trouble and once of
/// its end, by the thread that calls Publish, Poll or Flush.
///
/// INVALID_ARGUMENT names the option or property that librdkafka does not know or accept. `clock` must outlive it.
absl::StatusOr<std::unique_ptr<Publisher>> MakeKafkaPublisher(KafkaSettings settings, const Clock* clock, Log log);

}  // namespace driftserve
