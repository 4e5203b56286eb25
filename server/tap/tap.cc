#include "server/tap/tap.h"

#include <algorithm>
#include <utility>

namespace driftserve {
namespace {

// Empties `sample` but for its owner, the capacity of its buffers and byte_size, which still says what it holds.
void Empty(Sample& sample) {
  sample.model = nullptr;
  sample.request_id.clear();
  sample.request_sequence = 0;
  sample.rule_version = 0;
  sample.time_ns = 0;
  sample.traceparent.clear();
  sample.rows.clear();
  sample.inputs.clear();
  sample.outputs.clear();
}

void Prefetch(const Sample& sample) {
  constexpr size_t kLine = 64;
  const auto* const begin = reinterpret_cast<const char*>(&sample);
  for (size_t offset = 0; offset < sizeof(Sample); offset += kLine) __builtin_prefetch(begin + offset, 1);
}

}  // namespace

TapProducer::TapProducer(TapLimits limits) : limits_(limits), ring_(limits.samples), returned_(limits.samples) {
  stock_.reserve(kStockSamples);
}

std::unique_ptr<Sample> TapProducer::NewSample() {
  std::unique_ptr<Sample> sample;
  if (!stock_.empty()) {
    sample = std::move(stock_.back());
    stock_.pop_back();
  } else {
    sample = TakeReturned();
  }
  sample->byte_size = 0;
  return sample;
}

// A sample that comes back lies in the observer's cache: it is fetched while the request before the one that will use
// it is served.
std::unique_ptr<Sample> TapProducer::TakeReturned() {
  if (next_ == nullptr && !returned_.TryPop(next_)) return std::make_unique<Sample>();
  std::unique_ptr<Sample> sample = std::move(next_);
  reused_bytes_.Add(sample->byte_size);
  if (returned_.TryPop(next_)) Prefetch(*next_);
  return sample;
}

bool TapProducer::Offer(std::unique_ptr<Sample>& sample) {
  const size_t bytes = sample->byte_size;
  if (!HasRoom(bytes)) {
    Drop(*sample);
    return false;
  }
  // Counted before the hand-over, after which the sample is the observer's: there is room, and nobody else fills it.
  for (const KeptRow& row : sample->rows) sample->model->kept()[row.stratum].Add();
  offered_bytes_.Add(bytes);
  ring_.TryPush(std::move(sample));
  return true;
}

bool TapProducer::HasRoom(size_t bytes) {
  if (bytes > limits_.bytes) return false;
  if (offered_bytes_.Read() - known_taken_bytes_ > limits_.bytes - bytes) {
    known_taken_bytes_ = taken_bytes_.Read();
    if (offered_bytes_.Read() - known_taken_bytes_ > limits_.bytes - bytes) return false;
  }
  return ring_.HasRoom();
}

void TapProducer::Drop(const Sample& sample) {
  for (const KeptRow& row : sample.rows) sample.model->dropped()[row.stratum].Add();
  dropped_samples_.Add();
}

void TapProducer::Recycle(std::unique_ptr<Sample> sample) {
  if (stock_.size() >= kStockSamples) return;
  if (std::max(sample->byte_size, sample->copied_rows.size()) > kRecycledBytes) return;
  Empty(*sample);
  stock_.push_back(std::move(sample));
}

std::unique_ptr<Sample> TapProducer::Take() {
  std::unique_ptr<Sample> sample;
  if (ring_.TryPop(sample)) taken_bytes_.Add(sample->byte_size);
  return sample;
}

void TapProducer::Return(std::unique_ptr<Sample> sample) {
  const size_t bytes = sample->byte_size = std::max(sample->byte_size, sample->copied_rows.size());
  if (bytes > kRecycledBytes || Difference(returned_bytes_, reused_bytes_) + bytes > limits_.bytes / 4) return;
  if (returned_.size() >= returned_.capacity()) return;
  Empty(*sample);
  returned_bytes_.Add(bytes);
  returned_.TryPush(std::move(sample));
}

TapProducer* Tap::AddProducer() {
  std::lock_guard lock(mutex_);
  producers_.push_back(std::make_unique<TapProducer>(limits_));
  return producers_.back().get();
}

std::vector<TapProducer*> Tap::producers() const {
  std::lock_guard lock(mutex_);
  std::vector<TapProducer*> producers;
  producers.reserve(producers_.size());
  for (const auto& producer : producers_) producers.push_back(producer.get());
  return producers;
}

}  // namespace driftserve
