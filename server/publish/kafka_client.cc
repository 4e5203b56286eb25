#include "server/publish/kafka_client.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace driftserve {
namespace {

// After a purge only reports are left to serve: a second is far more than they take.
constexpr int kReportPolls = 100;
constexpr int kReportPollMs = 10;

rd_kafka_headers_t* MakeHeaders(const OutgoingRecord& record) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  return headers;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaClient>> KafkaClient::Open(const KafkaSettings& settings,
                                                               const KafkaEvents* events) {
  absl::StatusOr<KafkaConf> conf = MakeKafkaConf(settings);
  if (!conf.ok()) return conf.status();
  std::unique_ptr<KafkaClient> client(new KafkaClient(events));
  rd_kafka_conf_set_opaque(conf->get(), client.get());
  rd_kafka_conf_set_dr_msg_cb(conf->get(), &KafkaClient::OnDelivery);
  rd_kafka_conf_set_error_cb(conf->get(), &KafkaClient::OnError);
  // Its log lines say again, and again, what the error callback says.
  rd_kafka_conf_set_log_cb(conf->get(), nullptr);
  char reason[512];
  client->producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), reason, sizeof(reason));
  if (client->producer_ == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("kafka: librdkafka does not start with these options: ", reason, "; change kafka.properties"));
  }
  conf->release();  // the producer's own now
  return client;
}

KafkaClient::~KafkaClient() {
  if (producer_ == nullptr) return;
  rd_kafka_purge(producer_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_destroy(producer_);
}

rd_kafka_resp_err_t KafkaClient::Produce(const OutgoingRecord& record, uint64_t tag) {
  rd_kafka_headers_t* headers = MakeHeaders(record);
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      producer_, RD_KAFKA_V_TOPIC(record.topic.c_str()), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(tag)), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);  // taken over only on success
  return error;
}

void KafkaClient::Poll() { rd_kafka_poll(producer_, 0); }

bool KafkaClient::Failed(std::string& reason) const {
  char text[512];
  const rd_kafka_resp_err_t error = rd_kafka_fatal_error(producer_, text, sizeof(text));
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  reason = absl::StrCat(rd_kafka_err2name(error), ": ", text);
  return true;
}

void KafkaClient::Close(int64_t budget_ms) {
  rd_kafka_flush(producer_, static_cast<int>(std::clamp<int64_t>(budget_ms, 0, 3'600'000)));
  rd_kafka_purge(producer_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  for (int i = 0; i < kReportPolls && rd_kafka_outq_len(producer_) > 0; ++i) rd_kafka_poll(producer_, kReportPollMs);
}

void KafkaClient::OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  const KafkaClient* client = static_cast<KafkaClient*>(opaque);
  client->events_->on_delivery(reinterpret_cast<uint64_t>(message->_private), message->err);
}

void KafkaClient::OnError(rd_kafka_t*, int error, const char* reason, void* opaque) {
  const KafkaClient* client = static_cast<KafkaClient*>(opaque);
  client->events_->on_error(static_cast<rd_kafka_resp_err_t>(error), reason);
}

}  // namespace driftserve
