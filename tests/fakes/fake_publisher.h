#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "server/publish/publisher.h"

namespace driftserve {

/// A publisher whose broker is the test: records are acknowledged at the next Poll, unless corked. Keeps everything
/// that was published. Thread-safe.
class FakePublisher final : public Publisher {
 public:
  /// Records beyond this many in flight are dropped, reason kQueueFull.
  explicit FakePublisher(size_t queue_limit = 1'000'000) : queue_limit_(queue_limit) {}

  /// Corked, nothing is acknowledged: what a broker that is away looks like.
  void Cork() { std::lock_guard lock(mutex_); corked_ = true; }
  void Uncork() { std::lock_guard lock(mutex_); corked_ = false; }

  /// The next `count` records that would be acknowledged are dropped instead.
  void FailNext(size_t count, DropReason reason) {
    std::lock_guard lock(mutex_);
    failing_ = count;
    failing_reason_ = reason;
  }

  void Publish(OutgoingRecord record) override {
    std::lock_guard lock(mutex_);
    ++Of(record.kind).sampled;
    ++Of(record.kind).in_flight;
    const Key key = {record.kind, record.seq};
    records_.push_back(std::move(record));
    if (in_flight_.size() >= queue_limit_) {
      Drop(key, DropReason::kQueueFull);
      return;
    }
    in_flight_.push_back(key);
  }

  void Poll(const std::function<void(const Delivery&)>& on_delivery) override {
    std::vector<Delivery> deliveries;
    {
      std::lock_guard lock(mutex_);
      if (!corked_) Settle();
      deliveries.swap(ended_);
    }
    if (!on_delivery) return;
    for (const Delivery& delivery : deliveries) on_delivery(delivery);
  }

  void Flush(int64_t) override {
    std::lock_guard lock(mutex_);
    flushed_ = true;
    if (!corked_) Settle();
    while (!in_flight_.empty()) {
      Drop(in_flight_.front(), DropReason::kShutdown);
      in_flight_.pop_front();
    }
  }

  PublishCounts Counts() const override { std::lock_guard lock(mutex_); return counts_[0]; }
  PublishCounts EventCounts() const override { std::lock_guard lock(mutex_); return counts_[1]; }

  /// Everything ever given to Publish, in that order.
  std::vector<OutgoingRecord> Records() const { std::lock_guard lock(mutex_); return records_; }
  std::vector<OutgoingRecord> RecordsOf(const std::string& topic) const {
    std::vector<OutgoingRecord> found;
    for (OutgoingRecord& record : Records()) {
      if (record.topic == topic) found.push_back(std::move(record));
    }
    return found;
  }
  bool flushed() const { std::lock_guard lock(mutex_); return flushed_; }

 private:
  struct Key {
    RecordKind kind;
    uint64_t seq;
  };

  void Settle() {
    for (; !in_flight_.empty(); in_flight_.pop_front()) {
      if (failing_ > 0) {
        --failing_;
        Drop(in_flight_.front(), failing_reason_);
        continue;
      }
      const Key key = in_flight_.front();
      ++Of(key.kind).acknowledged;
      --Of(key.kind).in_flight;
      ended_.push_back({key.kind, key.seq, true, DropReason::kNoBroker});
    }
  }

  void Drop(Key key, DropReason reason) {
    ++Of(key.kind).dropped[static_cast<int>(reason)];
    --Of(key.kind).in_flight;
    ended_.push_back({key.kind, key.seq, false, reason});
  }

  PublishCounts& Of(RecordKind kind) { return counts_[static_cast<size_t>(kind)]; }

  const size_t queue_limit_;
  mutable std::mutex mutex_;  // guards everything below
  bool corked_ = false;
  bool flushed_ = false;
  size_t failing_ = 0;
  DropReason failing_reason_ = DropReason::kRejected;
  PublishCounts counts_[2];
  std::deque<Key> in_flight_;
  std::vector<Delivery> ended_;
  std::vector<OutgoingRecord> records_;
};

}  // namespace driftserve
