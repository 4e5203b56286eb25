#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

#include "absl/status/statusor.h"
#include "drift/topic/topic_connection.h"

namespace drift {

struct KafkaConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_t, KafkaConfDeleter>;

/// librdkafka's configuration of a consumer that commits by hand. `group` may be empty. INVALID_ARGUMENT names the
/// property, never its value.
absl::StatusOr<KafkaConf> MakeConsumerConf(const TopicConnection& connection, const std::string& group);

}  // namespace drift
