#include <atomic>
#include <map>
#include <thread>

#include "tests/publish/kafka_fixture.h"

namespace driftserve {
namespace {

/// Everything in the four partitions of "samples".
class MockConsumer {
 public:
  struct Message {
    int partition;
    std::string key, value;
    std::map<std::string, std::string> headers = {};
  };

  explicit MockConsumer(const std::string& brokers) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char reason[256];
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"bootstrap.servers", brokers}, {"group.id", "test"}, {"auto.offset.reset", "earliest"}}) {
      rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof(reason));
    }
    consumer_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(4);
    for (int i = 0; i < 4; ++i) {
      rd_kafka_topic_partition_list_add(partitions, "samples", i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(consumer_, partitions);
    rd_kafka_topic_partition_list_destroy(partitions);
  }
  ~MockConsumer() {
    rd_kafka_consumer_close(consumer_);
    rd_kafka_destroy(consumer_);
  }

  std::vector<Message> Read(size_t count) {
    std::vector<Message> messages;
    while (messages.size() < count) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer_, 100);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) messages.push_back(Copy(message));
      rd_kafka_message_destroy(message);
    }
    return messages;
  }

 private:
  static Message Copy(const rd_kafka_message_t* message) {
    Message copy = {message->partition, std::string(static_cast<char*>(message->key), message->key_len),
                    std::string(static_cast<char*>(message->payload), message->len), {}};
    rd_kafka_headers_t* headers = nullptr;
    rd_kafka_message_headers(message, &headers);
    const char* name;
    const void* value;
    size_t size;
    for (size_t i = 0; headers != nullptr && rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
      copy.headers[name] = std::string(static_cast<const char*>(value), size);
    }
    return copy;
  }

  rd_kafka_t* consumer_;
};

class KafkaPublisherTest : public KafkaFixture {};

TEST_F(KafkaPublisherTest, AConsumerReadsWhatWasPublished) {
  Open({});
  OutgoingRecord record = Record(1, std::string("\0\x01value", 7));
  record.headers = {{"ce_id", "00000000000000ff-1"}, {"content-type", "application/protobuf"}, {"empty", ""}};
  const auto headers = record.headers;
  Publish(std::move(record));
  PollUntilAllEnded();
  EXPECT_EQ(publisher_->Counts().acknowledged, 1u);
  ExpectEachEndedOnce(1);
  EXPECT_TRUE(endings_[1][0].acknowledged);

  const auto messages = MockConsumer(broker_.address()).Read(1);
  EXPECT_EQ(messages[0].key, "flight_delay/UA");
  EXPECT_EQ(messages[0].value, std::string("\0\x01value", 7));
  EXPECT_EQ(messages[0].headers, (std::map<std::string, std::string>(headers.begin(), headers.end())));
}

// The partitions are what the JVM clients' murmur2 gives, of four.
TEST_F(KafkaPublisherTest, KeysGoWhereOtherClientsPutThem) {
  Open({});
  const std::map<std::string, int> partitions = {
      {"flight_delay/UA", 2}, {"flight_delay/HA", 0}, {"flight_delay/default", 1}, {"m/x", 0}, {"21", 0}};
  uint64_t seq = 0;
  for (const auto& [key, partition] : partitions) {
    OutgoingRecord record = Record(++seq);
    record.key = key;
    Publish(std::move(record));
  }
  PollUntilAllEnded();
  for (const auto& message : MockConsumer(broker_.address()).Read(partitions.size())) {
    EXPECT_EQ(message.partition, partitions.at(message.key)) << message.key;
  }
}

TEST_F(KafkaPublisherTest, EventsAreCountedApart) {
  Open({});
  OutgoingRecord event = Record(7);
  event.kind = RecordKind::kEvent;
  event.topic = "events";
  Publish(std::move(event));
  Publish(Record(1));
  PollUntilAllEnded();
  while (publisher_->EventCounts().in_flight > 0) {
    broker_.Wait();
    Poll();
  }
  EXPECT_EQ(publisher_->Counts().acknowledged, 1u);
  EXPECT_EQ(publisher_->EventCounts().sampled, 1u);
  EXPECT_EQ(publisher_->EventCounts().acknowledged, 1u);
  ASSERT_EQ(endings_[7].size(), 1u);
  EXPECT_EQ(endings_[7][0].kind, RecordKind::kEvent);
}

TEST_F(KafkaPublisherTest, CountsReadByAnotherThreadAlwaysAddUp) {
  Open({.queue_messages = 200});
  std::atomic<bool> stop{false};
  uint64_t wrong = 0, readings = 0;
  std::thread reader([&] {
    do {
      const PublishCounts counts = publisher_->Counts();
      uint64_t ended = counts.acknowledged + counts.in_flight;
      for (const uint64_t dropped : counts.dropped) ended += dropped;
      wrong += counts.sampled != ended;
      ++readings;
    } while (!stop);
  });
  for (uint64_t seq = 1; seq <= 2'000; ++seq) {
    Publish(Record(seq));
    if (seq % 50 == 0) Poll();
  }
  PollUntilAllEnded();
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(readings, 0u);
  ExpectEachEndedOnce(2'000);
}

}  // namespace
}  // namespace driftserve
