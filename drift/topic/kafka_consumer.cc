#include "drift/topic/kafka_consumer.h"

#include "drift/profile/text.h"
#include "drift/topic/kafka_conf.h"

namespace drift {
namespace {

constexpr int kErrorLevel = 3;  // syslog's
constexpr int64_t kMillisecond = 1'000'000;

bool IsUnknownTopic(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaConsumer>> KafkaConsumer::Open(const TopicConnection& connection,
                                                                   const Membership& membership) {
  absl::StatusOr<KafkaConf> conf = MakeConsumerConf(connection, membership.group);
  if (!conf.ok()) return conf.status();
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(connection, membership.on_rebalance));
  rd_kafka_conf_set_opaque(conf->get(), consumer.get());
  rd_kafka_conf_set_log_cb(conf->get(), &KafkaConsumer::OnLog);
  if (membership.on_rebalance) rd_kafka_conf_set_rebalance_cb(conf->get(), &KafkaConsumer::Rebalance);
  char reason[512];
  consumer->client_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf->get(), reason, sizeof(reason));
  if (consumer->client_ == nullptr) {
    return absl::InvalidArgumentError(
        Concat("kafka: librdkafka does not start with these properties: ", reason, "; change --kafka-config"));
  }
  conf->release();  // the client's own now
  rd_kafka_poll_set_consumer(consumer->client_);
  return consumer;
}

KafkaConsumer::~KafkaConsumer() {
  if (message_ != nullptr) rd_kafka_message_destroy(message_);
  if (client_ != nullptr) rd_kafka_destroy(client_);
}

void KafkaConsumer::Close() {
  if (message_ != nullptr) rd_kafka_message_destroy(std::exchange(message_, nullptr));
  rd_kafka_consumer_close(client_);
}

void KafkaConsumer::Abandon() {
  if (message_ != nullptr) rd_kafka_message_destroy(std::exchange(message_, nullptr));
  if (client_ != nullptr) rd_kafka_destroy_flags(std::exchange(client_, nullptr), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

std::string KafkaConsumer::trouble() const {
  std::lock_guard lock(trouble_mutex_);
  return last_trouble_;
}

void KafkaConsumer::ForgetTrouble() {
  std::lock_guard lock(trouble_mutex_);
  last_trouble_.clear();
}

void KafkaConsumer::OnLog(const rd_kafka_t* client, int level, const char*, const char* text) {
  if (level > kErrorLevel) return;
  auto* const consumer = static_cast<KafkaConsumer*>(rd_kafka_opaque(client));
  if (consumer == nullptr) return;
  std::lock_guard lock(consumer->trouble_mutex_);
  consumer->last_trouble_ = text;
}

void KafkaConsumer::Rebalance(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                              void* opaque) {
  static_cast<KafkaConsumer*>(opaque)->on_rebalance_(error, partitions);
}

absl::Status KafkaConsumer::Failure(const std::string& what, rd_kafka_resp_err_t error) const {
  std::string text = Concat("kafka topic '", connection_.topic, "' at ", connection_.brokers, ": ", what, ": ",
                            rd_kafka_err2str(error));
  {
    std::lock_guard lock(trouble_mutex_);
    if (!last_trouble_.empty()) text += Concat(" (", last_trouble_, ")");
  }
  if (IsUnknownTopic(error)) return absl::NotFoundError(text);
  return absl::UnavailableError(
      Concat(text, "; check the address, or wait longer than ", connection_.timeout_ms, " ms by --timeout"));
}

absl::StatusOr<std::vector<int32_t>> KafkaConsumer::Partitions() {
  rd_kafka_topic_t* const topic = rd_kafka_topic_new(client_, connection_.topic.c_str(), nullptr);
  if (topic == nullptr) return Failure("the topic cannot be named", rd_kafka_last_error());
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client_, 0, topic, &metadata, timeout_ms());
  rd_kafka_topic_destroy(topic);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Failure("no broker answers", error);
  std::vector<int32_t> partitions;
  rd_kafka_resp_err_t topic_error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (metadata->topic_cnt == 1) {
    topic_error = metadata->topics[0].err;
    for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
      partitions.push_back(metadata->topics[0].partitions[i].id);
    }
  }
  rd_kafka_metadata_destroy(metadata);
  if (topic_error != RD_KAFKA_RESP_ERR_NO_ERROR) return Failure("the topic cannot be read", topic_error);
  return partitions;
}

absl::StatusOr<Watermarks> KafkaConsumer::QueryWatermarks(int32_t partition) {
  Watermarks marks;
  const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(client_, connection_.topic.c_str(), partition,
                                                                     &marks.low, &marks.high, timeout_ms());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return marks;
  return Failure(Concat("asking for the ends of partition ", partition), error);
}

absl::StatusOr<std::vector<int64_t>> KafkaConsumer::OffsetsFor(const std::vector<int32_t>& partitions,
                                                               int64_t time_ns) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const int32_t partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), connection_.topic.c_str(), partition)->offset =
        time_ns / kMillisecond;
  }
  const rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client_, list.get(), timeout_ms());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Failure("asking for offsets by time", error);
  std::vector<int64_t> offsets;
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Failure(Concat("asking partition ", list->elems[i].partition, " for an offset by time"),
                     list->elems[i].err);
    }
    offsets.push_back(list->elems[i].offset);
  }
  return offsets;
}

const rd_kafka_message_t* KafkaConsumer::Poll(int wait_ms) {
  if (message_ != nullptr) rd_kafka_message_destroy(message_);
  message_ = rd_kafka_consumer_poll(client_, wait_ms);
  return message_;
}

TopicMessage ReadMessage(const rd_kafka_message_t& message) {
  TopicMessage read;
  read.partition = message.partition;
  read.offset = message.offset;
  if (message.payload != nullptr) read.value = {static_cast<const char*>(message.payload), message.len};
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return read;
  const auto find = [headers](std::string_view name) -> std::optional<std::string_view> {
    const void* value = nullptr;
    size_t size = 0;
    if (rd_kafka_header_get_last(headers, name.data(), &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return std::string_view(static_cast<const char*>(value), value == nullptr ? 0 : size);
  };
  read.content_type = find(kContentTypeHeader);
  read.type = find(kTypeHeader);
  read.schema = find(kSchemaHeader);
  return read;
}

}  // namespace drift
