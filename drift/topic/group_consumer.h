#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drift/topic/topic_connection.h"
#include "drift/topic/topic_message.h"

namespace drift {

/// A partition that came to this member.
struct AssignedPartition {
  int32_t partition = 0;
  int64_t begin = 0;         // read from here on, so that the window is whole …
  int64_t counted_from = 0;  // … of which what is before this was counted by another member or an earlier run
  uint64_t passed_over = 0;  // messages that nobody had counted, older than the window: not read
};

/// What the group tells its member, always from within Poll, Commit and Leave.
struct GroupEvents {
  std::function<void(const AssignedPartition&)> assigned;
  /// `committed`: what was taken of it is committed; else its next owner will take it again.
  std::function<void(int32_t partition, bool committed)> revoked;
  /// After each rebalance.
  std::function<void()> rebalanced;
};

struct GroupSettings {
  TopicConnection connection;
  std::string group;
  /// A partition that comes is read again from the messages of so long ago.
  int64_t replay_ns = 0;
  std::function<int64_t()> unix_ns;  // the clock
};

/// A message, and whether this member is the first to take it.
struct GroupMessage {
  TopicMessage message;
  bool counted = true;
};

/// A member of a consumer group on one topic. Offsets are committed by hand, after what they cover was counted; members
/// come and go, and a partition that stays is not touched (cooperative-sticky).
///
/// Thread safety: one thread. Lifetime: `events` are called until Leave or destruction.
class GroupConsumer {
 public:
  static absl::StatusOr<std::unique_ptr<GroupConsumer>> Join(GroupSettings settings, GroupEvents events);
  ~GroupConsumer();

  /// The next message, nothing after `wait_ms` without one; views are valid until the next call. A broker that is away
  /// is no error: librdkafka goes on trying. An error is what trying again does not mend: no permission, a client that
  /// failed for good, or a partition of which nobody says where it stands.
  absl::StatusOr<std::optional<GroupMessage>> Poll(int wait_ms);

  /// Commits all that Poll gave, and waits for the answer up to `wait_ms`.
  absl::Status Commit(int wait_ms);

  /// Messages between what was taken and the ends of this member's partitions, as far as they are known.
  uint64_t Lag() const;
  size_t partitions() const;
  /// What librdkafka last said of a broker it cannot reach; empty: nothing, or a message came since.
  std::string trouble() const;

  /// Commits, gives the partitions up and leaves the group.
  void Leave(int wait_ms);

 private:
  class Member;
  explicit GroupConsumer(std::unique_ptr<Member> member);

  const std::unique_ptr<Member> member_;
};

}  // namespace drift
