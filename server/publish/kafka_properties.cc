#include "server/publish/kafka_properties.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace driftserve {
namespace {

// Properties that are not passed through, and what to say instead.
const std::map<std::string, std::string, std::less<>>& Reserved() {
  static const auto* const reserved = new std::map<std::string, std::string, std::less<>>{
      {"bootstrap.servers", "set kafka.brokers"},
      {"metadata.broker.list", "set kafka.brokers"},
      {"queue.buffering.max.messages", "set kafka.queue_messages"},
      {"queue.buffering.max.kbytes", "set kafka.queue_bytes"},
      {"queue.buffering.max.ms", "set kafka.linger_ms"},
      {"linger.ms", "set kafka.linger_ms"},
      {"message.timeout.ms", "set kafka.delivery_timeout_ms"},
      {"delivery.timeout.ms", "set kafka.delivery_timeout_ms"},
      {"compression.codec", "set kafka.compression"},
      {"compression.type", "set kafka.compression"},
      {"enable.idempotence", "it is always on: without it a retry can deliver a record twice"},
      {"acks", "it is always all: anything less can lose acknowledged records"},
      {"request.required.acks", "it is always all: anything less can lose acknowledged records"},
      {"partitioner", "it is always murmur2_random, so that other clients find the same partitions"},
      {"transactional.id", "records are not written in transactions"},
  };
  return *reserved;
}

absl::Status Set(rd_kafka_conf_t* conf, const std::string& option, const std::string& property,
                 const std::string& value) {
  char reason[512];
  const rd_kafka_conf_res_t result =
      rd_kafka_conf_set(conf, property.c_str(), value.c_str(), reason, sizeof(reason));
  if (result == RD_KAFKA_CONF_OK) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": librdkafka ", rd_kafka_version_str(),
                   result == RD_KAFKA_CONF_UNKNOWN ? " has no property \"" : " refuses property \"", property,
                   result == RD_KAFKA_CONF_UNKNOWN ? "\"" : absl::StrCat("\" = \"", value, "\": ", reason),
                   "; change or remove ", option));
}

absl::Status SetOptions(rd_kafka_conf_t* conf, const KafkaSettings& settings) {
  const int64_t kilobytes = std::max<int64_t>(settings.queue_bytes / 1024, 1);
  struct Entry {
    const char* option;
    const char* property;
    std::string value;
  };
  const Entry entries[] = {
      {"kafka.brokers", "bootstrap.servers", settings.brokers},
      {"kafka.queue_messages", "queue.buffering.max.messages", absl::StrCat(settings.queue_messages)},
      {"kafka.queue_bytes", "queue.buffering.max.kbytes", absl::StrCat(kilobytes)},
      {"kafka.linger_ms", "linger.ms", absl::StrCat(settings.linger_ms)},
      {"kafka.delivery_timeout_ms", "message.timeout.ms", absl::StrCat(settings.delivery_timeout_ms)},
      {"kafka.compression", "compression.codec", settings.compression},
      {"kafka", "client.id", "driftserve"},
      {"kafka", "enable.idempotence", "true"},
      {"kafka", "partitioner", "murmur2_random"},
      // A broker that comes back is found within two seconds, not ten.
      {"kafka", "reconnect.backoff.max.ms", "2000"},
  };
  for (const Entry& entry : entries) {
    if (absl::Status status = Set(conf, entry.option, entry.property, entry.value); !status.ok()) return status;
  }
  // Newer versions push metrics to the broker unless told not to; older ones do not know the property.
  rd_kafka_conf_set(conf, "enable.metrics.push", "false", nullptr, 0);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KafkaConf> MakeKafkaConf(const KafkaSettings& settings) {
  if (settings.brokers.empty()) {
    return absl::InvalidArgumentError("kafka.brokers: expected \"host:port\", got an empty text");
  }
  KafkaConf conf(rd_kafka_conf_new());
  if (absl::Status status = SetOptions(conf.get(), settings); !status.ok()) return status;
  for (const auto& [property, value] : settings.properties) {
    const std::string option = absl::StrCat("kafka.properties.", property);
    if (const auto reserved = Reserved().find(property); reserved != Reserved().end()) {
      return absl::InvalidArgumentError(absl::StrCat(option, ": not taken from here; ", reserved->second));
    }
    if (absl::Status status = Set(conf.get(), option, property, value); !status.ok()) return status;
  }
  return conf;
}

}  // namespace driftserve
