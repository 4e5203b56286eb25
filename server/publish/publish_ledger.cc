#include "server/publish/publish_ledger.h"

#include <utility>

namespace driftserve {

void PublishLedger::Open(RecordKind kind) {
  std::lock_guard lock(mutex_);
  PublishCounts& counts = counts_[Index(kind)];
  ++counts.sampled;
  ++counts.in_flight;
}

void PublishLedger::End(const Delivery& delivery) {
  std::lock_guard lock(mutex_);
  PublishCounts& counts = counts_[Index(delivery.kind)];
  --counts.in_flight;
  ++(delivery.acknowledged ? counts.acknowledged : counts.dropped[static_cast<int>(delivery.reason)]);
  ended_.push_back(delivery);
}

void PublishLedger::EndRest(DropReason reason) {
  std::lock_guard lock(mutex_);
  for (PublishCounts& counts : counts_) counts.dropped[static_cast<int>(reason)] += std::exchange(counts.in_flight, 0);
}

PublishCounts PublishLedger::Counts(RecordKind kind) const {
  std::lock_guard lock(mutex_);
  return counts_[Index(kind)];
}

std::vector<Delivery> PublishLedger::TakeEnded() {
  std::lock_guard lock(mutex_);
  return std::exchange(ended_, {});
}

}  // namespace driftserve
