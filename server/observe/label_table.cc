#include "server/observe/label_table.h"

#include <utility>

#include "server/base/hash.h"

namespace driftserve {
namespace {

constexpr uint64_t kFirstSeed = 0x6c6162656c730001, kSecondSeed = 0x6c6162656c730002;

}  // namespace

LabelTable::Key LabelTable::KeyOf(std::string_view request_id, uint32_t row) {
  return {Hash64(request_id, kFirstSeed), Hash64(request_id, kSecondSeed), row};
}

bool LabelTable::Add(std::string_view request_id, uint32_t row, const WaitingPrediction& prediction,
                     std::optional<Label>& early) {
  early.reset();
  if (prediction.value.missing() || prediction.text.size() > kMostLabelBytes) {
    ++counts_.unusable;
    return false;
  }
  const Key key = KeyOf(request_id, row);
  const auto [entry, added] = waiting_.try_emplace(key);
  if (!added) {
    ++counts_.repeated;
    return false;
  }
  entry->second.prediction = prediction;
  order_.push_back(key);
  ++counts_.kept;
  if (const auto found = early_.find(key); found != early_.end()) {
    early = std::move(found->second);
    early_.erase(found);
  }
  if (waiting_.size() > limits_.rows) Evict(prediction.time_ns);
  return true;
}

void LabelTable::Evict(int64_t now_ns) {
  const auto oldest = waiting_.find(order_.front());
  const Entry& entry = oldest->second;
  if (!entry.labelled && !IsLate(entry.prediction.time_ns, now_ns)) ++counts_.evicted;
  waiting_.erase(oldest);
  order_.pop_front();
}

std::optional<LabelOutcome> LabelTable::Join(std::string_view request_id, uint32_t row, const Label& label,
                                             const WaitingPrediction*& prediction) {
  prediction = nullptr;
  const Key key = KeyOf(request_id, row);
  const auto found = waiting_.find(key);
  if (found != waiting_.end()) {
    Entry& entry = found->second;
    if (entry.labelled) return LabelOutcome::kRepeated;
    if (IsLate(entry.prediction.time_ns, label.arrived_ns)) return LabelOutcome::kLate;
    entry.labelled = true;
    prediction = &entry.prediction;
    return LabelOutcome::kJoined;
  }
  if (!early_.try_emplace(key, label).second) return LabelOutcome::kRepeated;
  early_order_.push_back(key);
  while (early_order_.size() > limits_.early.labels) {
    crowded_out_ += early_.erase(early_order_.front());
    early_order_.pop_front();
  }
  return std::nullopt;
}

uint64_t LabelTable::Advance(int64_t now_ns) {
  while (!order_.empty()) {
    const auto oldest = waiting_.find(order_.front());
    if (!IsLate(oldest->second.prediction.time_ns, now_ns - limits_.time_limit_ns)) break;
    waiting_.erase(oldest);
    order_.pop_front();
  }
  uint64_t unknown = std::exchange(crowded_out_, 0);
  while (!early_order_.empty()) {
    const auto oldest = early_.find(early_order_.front());
    if (oldest != early_.end()) {
      if (now_ns - oldest->second.arrived_ns < limits_.early.wait_ns) break;
      early_.erase(oldest);
      ++unknown;
    }
    early_order_.pop_front();
  }
  return unknown;
}

}  // namespace driftserve
