#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace drift {

/// Puts messages on a topic and waits until they are there.
class TopicWriter {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  TopicWriter(const std::string& brokers, std::string topic) : topic_(std::move(topic)) {
    char reason[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, nullptr);
    EXPECT_EQ(rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), reason, sizeof(reason)), RD_KAFKA_CONF_OK);
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
  }
  ~TopicWriter() {
    Flush();
    rd_kafka_destroy(client_);
  }
  TopicWriter(const TopicWriter&) = delete;
  TopicWriter& operator=(const TopicWriter&) = delete;

  void Write(int32_t partition, const std::string& value, const Headers& headers = {}) {
    rd_kafka_headers_t* list = rd_kafka_headers_new(headers.size());
    for (const auto& [name, content] : headers) {
      rd_kafka_header_add(list, name.data(), static_cast<ssize_t>(name.size()), content.data(),
                          static_cast<ssize_t>(content.size()));
    }
    EXPECT_EQ(rd_kafka_producev(client_, RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_END),
              RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void Flush() { EXPECT_EQ(rd_kafka_flush(client_, 30'000), RD_KAFKA_RESP_ERR_NO_ERROR); }

 private:
  const std::string topic_;
  rd_kafka_t* client_;
};

}  // namespace drift
