#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <string>

namespace driftserve {

/// A Kafka cluster of one broker inside this process, on a port of its own choosing. Topics have four partitions.
class MockBroker {
 public:
  MockBroker() {
    char reason[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, nullptr);
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    cluster_ = rd_kafka_mock_cluster_new(handle_, 1);
  }
  ~MockBroker() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }
  MockBroker(const MockBroker&) = delete;
  MockBroker& operator=(const MockBroker&) = delete;

  std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void SetDown() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void SetUp() { rd_kafka_mock_broker_set_up(cluster_, 1); }

  /// Every answer takes this long.
  void SetRoundTripTime(int milliseconds) { rd_kafka_mock_broker_set_rtt(cluster_, 1, milliseconds); }

  /// The next `count` requests of the kind are answered with `error`. API keys: 0 Produce, 22 InitProducerId.
  void FailRequests(int api_key, rd_kafka_resp_err_t error, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      rd_kafka_mock_push_request_errors(cluster_, static_cast<int16_t>(api_key), 1, error);
    }
  }

  /// Gives other threads time, without a sleep of the test's own: nothing is ever reported to this handle.
  void Wait() const { rd_kafka_poll(handle_, 2); }

 private:
  rd_kafka_t* handle_;
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace driftserve
