#include "drift/topic/kafka_conf.h"

#include <array>
#include <string>

#include "absl/status/status.h"
#include "drift/profile/text.h"

namespace drift {
namespace {

struct Reserved {
  std::string_view property, instead;
};
constexpr std::array kReserved = {
    Reserved{"bootstrap.servers", "the brokers are named by --brokers or in kafka://host:9092/topic"},
    Reserved{"metadata.broker.list", "the brokers are named by --brokers or in kafka://host:9092/topic"},
    Reserved{"group.id", "the group is named by --group"},
    Reserved{"enable.auto.commit", "offsets are committed once their rows are counted"},
    Reserved{"enable.auto.offset.store", "offsets are committed once their rows are counted"},
    Reserved{"auto.offset.reset", "where reading begins follows from the window, or from from="},
    Reserved{"enable.partition.eof", "the ends of partitions are needed"},
};

absl::Status Set(rd_kafka_conf_t* conf, const std::string& property, const std::string& value) {
  char ignored[256];  // the reason may hold the value, which may be a secret
  switch (rd_kafka_conf_set(conf, property.c_str(), value.c_str(), ignored, sizeof(ignored))) {
    case RD_KAFKA_CONF_OK: return absl::OkStatus();
    case RD_KAFKA_CONF_UNKNOWN:
      return absl::InvalidArgumentError(
          Concat("--kafka-config ", property, ": librdkafka ", rd_kafka_version_str(), " has no such property"));
    case RD_KAFKA_CONF_INVALID: break;
  }
  return absl::InvalidArgumentError(
      Concat("--kafka-config ", property, ": librdkafka ", rd_kafka_version_str(), " refuses this value"));
}

}  // namespace

absl::StatusOr<std::pair<std::string, std::string>> ParseKafkaProperty(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    return absl::InvalidArgumentError("--kafka-config: expected property=value, such as security.protocol=ssl");
  }
  const std::string_view property = text.substr(0, equals);
  for (const Reserved& reserved : kReserved) {
    if (property != reserved.property) continue;
    return absl::InvalidArgumentError(Concat("--kafka-config ", property, ": not taken from here; ", reserved.instead));
  }
  return std::make_pair(std::string(property), std::string(text.substr(equals + 1)));
}

absl::StatusOr<KafkaConf> MakeConsumerConf(const TopicConnection& connection, const std::string& group) {
  KafkaConf conf(rd_kafka_conf_new());
  const std::array<std::pair<std::string, std::string>, 8> own = {{
      {"bootstrap.servers", connection.brokers},
      {"client.id", "drift"},
      // librdkafka wants a group where none is joined too; then nothing is ever committed to it.
      {"group.id", group.empty() ? "drift-reads-by-partition" : group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "earliest"},
      {"enable.partition.eof", "true"},
      // A partition that stays keeps its window; with the other strategies all of them are taken away first.
      {"partition.assignment.strategy", "cooperative-sticky"},
  }};
  for (const auto& [property, value] : own) {
    if (absl::Status set = Set(conf.get(), property, value); !set.ok()) return set;
  }
  // A broker that comes back is found within two seconds, not ten.
  rd_kafka_conf_set(conf.get(), "reconnect.backoff.max.ms", "2000", nullptr, 0);
  // Newer versions push metrics to the broker unless told not to; older ones do not know the property.
  rd_kafka_conf_set(conf.get(), "enable.metrics.push", "false", nullptr, 0);
  for (const auto& [property, value] : connection.properties) {
    if (absl::Status set = Set(conf.get(), property, value); !set.ok()) return set;
  }
  return conf;
}

}  // namespace drift
