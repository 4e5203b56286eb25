#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

#include "absl/status/statusor.h"
#include "server/publish/kafka_publisher.h"

namespace driftserve {

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

/// librdkafka's configuration for `settings`. INVALID_ARGUMENT names the property, the value and what to change; a
/// property that has an option of its own, or that delivery depends on, is refused.
absl::StatusOr<KafkaConf> MakeKafkaConf(const KafkaSettings& settings);

}  // namespace driftserve
