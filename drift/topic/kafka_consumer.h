#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drift/topic/topic_connection.h"
#include "drift/topic/topic_message.h"

namespace drift {

struct PartitionListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDeleter>;

/// Message offsets of one partition: the first that is there and the one that the next message will get.
struct Watermarks {
  int64_t low = 0, high = 0;
};

/// One librdkafka consumer of one topic: what readers by partition and members of a group have in common. Every wait is
/// bounded by the connection's timeout. Errors name the topic and what the broker said.
///
/// Thread safety: one thread; librdkafka's own threads only write the last trouble.
class KafkaConsumer {
 public:
  /// What a group tells its member, from within Poll and rd_kafka_consumer_close.
  using OnRebalance = std::function<void(rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions)>;
  struct Membership {
    std::string group;  // empty: none, partitions are assigned by hand
    OnRebalance on_rebalance;
  };

  /// INVALID_ARGUMENT names a property that librdkafka does not take, or that has an option of its own.
  static absl::StatusOr<std::unique_ptr<KafkaConsumer>> Open(const TopicConnection& connection,
                                                             const Membership& membership);
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  /// The numbers of the topic's partitions. UNAVAILABLE where no broker answers, NOT_FOUND where there is no topic.
  absl::StatusOr<std::vector<int32_t>> Partitions();
  absl::StatusOr<Watermarks> QueryWatermarks(int32_t partition);
  /// Of each partition the first offset whose message is not older than `time_ns`; below 0 where there is none.
  absl::StatusOr<std::vector<int64_t>> OffsetsFor(const std::vector<int32_t>& partitions, int64_t time_ns);

  /// The next message or event, nullptr after `wait_ms` without one. Valid until the next call.
  const rd_kafka_message_t* Poll(int wait_ms);

  /// Leaves its group in good order; waits for the broker. Or goes without a word, and the group finds out in time.
  /// Afterwards only destruction is allowed.
  void Close();
  void Abandon();

  /// The last thing that librdkafka had to say of a broker, until it is forgotten.
  std::string trouble() const;
  void ForgetTrouble();

  rd_kafka_t* client() const { return client_; }
  const std::string& topic() const { return connection_.topic; }
  int timeout_ms() const { return static_cast<int>(connection_.timeout_ms); }
  /// `what` went wrong by `error`, with the last thing that librdkafka had to say of a broker.
  absl::Status Failure(const std::string& what, rd_kafka_resp_err_t error) const;

 private:
  KafkaConsumer(TopicConnection connection, OnRebalance on_rebalance)
      : connection_(std::move(connection)), on_rebalance_(std::move(on_rebalance)) {}
  static void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text);
  static void Rebalance(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                        void* opaque);

  const TopicConnection connection_;
  const OnRebalance on_rebalance_;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_message_t* message_ = nullptr;  // as Poll gave it
  mutable std::mutex trouble_mutex_;       // guards last_trouble_
  std::string last_trouble_;
};

/// A message with what its headers say. Views into `message`.
TopicMessage ReadMessage(const rd_kafka_message_t& message);

}  // namespace drift
