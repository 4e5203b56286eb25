#include "server/batch/waiting_list.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "server/batch/reply_order.h"

namespace driftserve {
namespace {

Waiting Describe(const Inference& inference) {
  return {inference.model.get(), &inference.decoded.inputs, inference.decoded.rows, inference.accepted_ns,
          inference.deadline_ns};
}

}  // namespace

std::vector<WaitingList::Level>& WaitingList::Levels() {
  if (levels_.empty()) levels_ = std::vector<Level>(model_->settings.levels.size());
  return levels_;
}

std::optional<Refusal> WaitingList::Add(std::unique_ptr<Inference>& inference, int64_t now_ns,
                                        std::span<const int64_t> free_ns) {
  Level& level = Levels()[inference->level];
  const auto most = static_cast<size_t>(model_->settings.levels[inference->level].max_queue_size);
  const auto refusal = [&]() -> std::optional<Refusal> {
    if (most > 0 && level.size() >= most) return Refusal::kQueueFull;
    if (Hopeless(*inference, now_ns, free_ns)) return Refusal::kHopeless;
    return std::nullopt;
  };
  if (refusal()) {
    Sweep(now_ns);  // before one is refused for others' sake, those must be to run themselves
    if (const std::optional<Refusal> still = refusal()) return still;
  }
  if (model_->reply_order != nullptr) inference->ticket = model_->reply_order->Issue();
  level.rows_in_time += inference->decoded.rows;
  level.in_time.push_back(std::move(inference));
  return std::nullopt;
}

bool WaitingList::Hopeless(const Inference& inference, int64_t now_ns, std::span<const int64_t> free_ns) const {
  if (inference.deadline_ns == kNoDeadline || model_->bucket_ns.empty() || free_ns.empty()) return false;
  std::vector<int64_t> free;
  for (const int64_t moment : free_ns) free.push_back(std::max(moment, now_ns));
  const int64_t start_ns = EarliestStart(RowsAhead(inference.level), model_->settings.max_batch_size,
                                         model_->bucket_ns.back(), free);
  const int64_t estimate = EstimateNanos(model_->settings.buckets, model_->bucket_ns, inference.decoded.rows);
  return driftserve::Hopeless(start_ns, inference.deadline_ns, estimate);
}

int64_t WaitingList::RowsAhead(size_t level) const {
  int64_t rows = 0;
  for (size_t i = 0; i < levels_.size() && i <= level; ++i) {
    rows += levels_[i].rows_in_time + (i < level ? levels_[i].rows_late : 0);
  }
  return rows;
}

size_t WaitingList::size() const {
  size_t size = gone_.size();
  for (const Level& level : levels_) size += level.size();
  return size;
}

int64_t WaitingList::Next(int64_t now_ns, bool flush, std::vector<std::unique_ptr<Inference>>& batch) {
  batch.clear();
  rows_taken_ = 0;
  candidates_.clear();
  // No further than a batch of single rows could reach.
  const size_t most = static_cast<size_t>(std::max(1, model_->settings.max_batch_size)) * 2;
  for (Level& level : Levels()) {
    Look(level, false, now_ns, most);
    Look(level, true, now_ns, most);
  }
  waiting_.clear();
  for (const Candidate& candidate : candidates_) waiting_.push_back(Describe(**candidate.place));
  const ModelSettings& settings = model_->settings;
  const bool complete = NextBatch(waiting_, {settings.max_batch_size, settings.preferred_sizes}, chosen_);
  int64_t until = now_ns;
  if (settings.max_queue_delay_us > 0 && !complete && !flush && !chosen_.empty()) {
    const int64_t longest_ns = model_->bucket_ns.empty() ? 0 : model_->bucket_ns.back();
    until = LingerUntil(waiting_, chosen_, settings.max_queue_delay_us * 1000, longest_ns);
  }
  if (until <= now_ns) Take(batch);
  Compact();
  std::move(gone_.begin(), gone_.end(), std::back_inserter(batch));
  gone_.clear();
  return until;
}

void WaitingList::Look(Level& level, bool late, int64_t now_ns, size_t most) {
  Queue& queue = late ? level.late : level.in_time;
  int64_t& rows = late ? level.rows_late : level.rows_in_time;
  for (size_t i = 0; i < queue.size() && candidates_.size() < most; ++i) {
    std::unique_ptr<Inference>& inference = queue[i];
    if (WhyNot(*inference, now_ns)) {
      rows -= inference->decoded.rows;
      gone_.push_back(std::move(inference));
    } else if (!late && inference->late_ns < now_ns) {
      rows -= inference->decoded.rows;
      level.rows_late += inference->decoded.rows;
      ++delayed_;
      level.late.push_back(std::move(inference));
    } else {
      candidates_.push_back({&inference, &rows});
    }
  }
}

void WaitingList::Sweep(int64_t now_ns) {
  candidates_.clear();
  for (Level& level : Levels()) {
    Look(level, false, now_ns, std::numeric_limits<size_t>::max());
    Look(level, true, now_ns, std::numeric_limits<size_t>::max());
  }
  Compact();
}

void WaitingList::Take(std::vector<std::unique_ptr<Inference>>& batch) {
  for (const size_t index : chosen_) {
    const Candidate& candidate = candidates_[index];
    *candidate.rows -= (*candidate.place)->decoded.rows;
    rows_taken_ += (*candidate.place)->decoded.rows;
    batch.push_back(std::move(*candidate.place));
  }
}

void WaitingList::Compact() {
  for (Level& level : levels_) {
    std::erase(level.in_time, nullptr);
    std::erase(level.late, nullptr);
  }
}

}  // namespace driftserve
