#include "drift/topic/group_consumer.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "drift/topic/group_start.h"
#include "drift/topic/kafka_consumer.h"

namespace drift {
namespace {

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
struct EventDeleter {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};

bool IsFinal(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL: return true;
    default: return false;
  }
}

}  // namespace

class GroupConsumer::Member {
 public:
  Member(GroupSettings settings, GroupEvents events) : settings_(std::move(settings)), events_(std::move(events)) {}
  ~Member() { Leave(0); }

  absl::Status Join();
  absl::StatusOr<std::optional<GroupMessage>> Poll(int wait_ms);
  absl::Status Commit(int wait_ms);
  uint64_t Lag() const;
  size_t partitions() const { return places_.size(); }
  std::string trouble() const { return consumer_->trouble(); }
  void Leave(int wait_ms);

 private:
  struct Place {
    int64_t counted_from = 0;
    int64_t position = 0;   // the next message
    int64_t committed = 0;  // as far as the group has, where this member knows
  };

  void OnRebalance(rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions);
  void OnAssign(rd_kafka_topic_partition_list_t* partitions);
  void OnRevoke(rd_kafka_topic_partition_list_t* partitions);
  bool cooperative() const { return std::strcmp(rd_kafka_rebalance_protocol(consumer_->client()), "COOPERATIVE") == 0; }
  void Check(const char* what, rd_kafka_error_t* error);

  const GroupSettings settings_;
  const GroupEvents events_;
  std::unique_ptr<KafkaConsumer> consumer_;
  std::map<int32_t, Place> places_;
  absl::Status failure_;
  bool left_ = false;
};

absl::Status GroupConsumer::Member::Join() {
  auto consumer = KafkaConsumer::Open(
      settings_.connection,
      {settings_.group, [this](rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions) {
         OnRebalance(error, partitions);
       }});
  if (!consumer.ok()) return consumer.status();
  consumer_ = *std::move(consumer);
  const PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), consumer_->topic().c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer_->client(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return consumer_->Failure("subscribing", error);
  return absl::OkStatus();
}

void GroupConsumer::Member::OnRebalance(rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions) {
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    OnAssign(partitions);
  } else {
    OnRevoke(partitions);
  }
  if (events_.rebalanced) events_.rebalanced();
}

void GroupConsumer::Member::OnAssign(rd_kafka_topic_partition_list_t* partitions) {
  std::vector<AssignedPartition> starts;
  if (partitions->cnt > 0) {
    auto found = FindStarts(*consumer_, *partitions, settings_.unix_ns() - settings_.replay_ns);
    if (!found.ok()) {
      failure_ = found.status();
      rd_kafka_assign(consumer_->client(), nullptr);
      return;
    }
    starts = *std::move(found);
  }
  for (size_t i = 0; i < starts.size(); ++i) {
    partitions->elems[i].offset = starts[i].begin;
    places_[starts[i].partition] = {starts[i].counted_from, starts[i].begin, starts[i].counted_from};
    if (events_.assigned) events_.assigned(starts[i]);
  }
  if (cooperative()) {
    Check("taking up its partitions", rd_kafka_incremental_assign(consumer_->client(), partitions));
  } else if (const auto error = rd_kafka_assign(consumer_->client(), partitions); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    failure_ = consumer_->Failure("taking up its partitions", error);
  }
}

void GroupConsumer::Member::OnRevoke(rd_kafka_topic_partition_list_t* partitions) {
  // A lost assignment may have a new owner already: its offsets are not ours to commit.
  const bool committed =
      rd_kafka_assignment_lost(consumer_->client()) == 0 && Commit(consumer_->timeout_ms()).ok();
  for (int i = 0; i < partitions->cnt; ++i) {
    const int32_t partition = partitions->elems[i].partition;
    if (places_.erase(partition) == 0) continue;
    if (events_.revoked) events_.revoked(partition, committed);
  }
  if (cooperative()) {
    Check("giving up partitions", rd_kafka_incremental_unassign(consumer_->client(), partitions));
  } else {
    rd_kafka_assign(consumer_->client(), nullptr);
  }
}

void GroupConsumer::Member::Check(const char* what, rd_kafka_error_t* error) {
  if (error == nullptr) return;
  failure_ = consumer_->Failure(what, rd_kafka_error_code(error));
  rd_kafka_error_destroy(error);
}

absl::StatusOr<std::optional<GroupMessage>> GroupConsumer::Member::Poll(int wait_ms) {
  const rd_kafka_message_t* message = consumer_->Poll(wait_ms);
  if (!failure_.ok()) return failure_;
  if (message == nullptr) return std::optional<GroupMessage>();
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (IsFinal(message->err)) return consumer_->Failure("reading in the group", message->err);
    return std::optional<GroupMessage>();
  }
  const auto place = places_.find(message->partition);
  // What was fetched before a partition was given up may still come after.
  if (place == places_.end() || message->offset < place->second.position) return std::optional<GroupMessage>();
  place->second.position = message->offset + 1;
  consumer_->ForgetTrouble();
  return std::optional(GroupMessage{ReadMessage(*message), message->offset >= place->second.counted_from});
}

absl::Status GroupConsumer::Member::Commit(int wait_ms) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(places_.size())));
  std::map<int32_t, int64_t> positions;
  for (const auto& [partition, place] : places_) {
    // What is read again was committed by another member, further on than here.
    if (place.position <= place.committed) continue;
    rd_kafka_topic_partition_list_add(list.get(), consumer_->topic().c_str(), partition)->offset = place.position;
    positions[partition] = place.position;
  }
  if (positions.empty()) return absl::OkStatus();
  const std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue(rd_kafka_queue_new(consumer_->client()));
  rd_kafka_resp_err_t error = rd_kafka_commit_queue(consumer_->client(), list.get(), queue.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return consumer_->Failure("committing", error);
  const std::unique_ptr<rd_kafka_event_t, EventDeleter> event(rd_kafka_queue_poll(queue.get(), wait_ms));
  error = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return consumer_->Failure("committing", error);
  for (const auto& [partition, position] : positions) places_[partition].committed = position;
  return absl::OkStatus();
}

uint64_t GroupConsumer::Member::Lag() const {
  uint64_t lag = 0;
  for (const auto& [partition, place] : places_) {
    Watermarks marks;
    const auto error = rd_kafka_get_watermark_offsets(consumer_->client(), consumer_->topic().c_str(), partition,
                                                      &marks.low, &marks.high);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && marks.high > place.position) {
      lag += static_cast<uint64_t>(marks.high - place.position);
    }
  }
  return lag;
}

void GroupConsumer::Member::Leave(int wait_ms) {
  if (left_ || consumer_ == nullptr) return;
  left_ = true;
  // Closing waits for the broker without a bound of ours; one that took the commit is there.
  if (wait_ms > 0 && Commit(wait_ms).ok()) {
    consumer_->Close();
  } else {
    consumer_->Abandon();
  }
}

GroupConsumer::GroupConsumer(std::unique_ptr<Member> member) : member_(std::move(member)) {}
GroupConsumer::~GroupConsumer() = default;

absl::StatusOr<std::unique_ptr<GroupConsumer>> GroupConsumer::Join(GroupSettings settings, GroupEvents events) {
  auto member = std::make_unique<Member>(std::move(settings), std::move(events));
  if (const absl::Status joined = member->Join(); !joined.ok()) return joined;
  return std::unique_ptr<GroupConsumer>(new GroupConsumer(std::move(member)));
}

absl::StatusOr<std::optional<GroupMessage>> GroupConsumer::Poll(int wait_ms) { return member_->Poll(wait_ms); }
absl::Status GroupConsumer::Commit(int wait_ms) { return member_->Commit(wait_ms); }
uint64_t GroupConsumer::Lag() const { return member_->Lag(); }
size_t GroupConsumer::partitions() const { return member_->partitions(); }
std::string GroupConsumer::trouble() const { return member_->trouble(); }
void GroupConsumer::Leave(int wait_ms) { member_->Leave(wait_ms); }

}  // namespace drift
