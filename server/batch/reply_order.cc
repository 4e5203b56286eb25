#include "server/batch/reply_order.h"

#include <utility>

namespace driftserve {

uint64_t ReplyOrder::Issue() {
  std::lock_guard lock(mutex_);
  return ++issued_;
}

void ReplyOrder::Put(uint64_t ticket, Answer answer, const Sender& send) {
  std::lock_guard lock(mutex_);
  held_[ticket] = std::move(answer);
  for (auto first = held_.begin(); first != held_.end() && first->first == next_; first = held_.begin()) {
    Answer due = std::move(first->second);
    held_.erase(first);
    ++next_;
    if (due.inference != nullptr) send(std::move(due));
  }
}

}  // namespace driftserve
