#include "server/tap/tap.h"

#include <utility>

namespace driftserve {
namespace {

// Empties `sample` but for its owner, the capacity of its buffers and byte_size, which still says what it holds.
void Empty(Sample& sample) {
  sample.model.reset();
  sample.request_id.clear();
  sample.request_sequence = 0;
  sample.rule_version = 0;
  sample.time_ns = 0;
  sample.traceparent.clear();
  sample.rows.clear();
  sample.inputs.clear();
  sample.outputs.clear();
  sample.copied_rows.clear();
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
  } else if (returned_.TryPop(sample)) {
    reused_bytes_.Add(sample->byte_size);
  } else {
    return std::make_unique<Sample>();
  }
  sample->byte_size = 0;
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

bool TapProducer::HasRoom(size_t bytes) const {
  return bytes <= limits_.bytes && queued_bytes() <= limits_.bytes - bytes && ring_.size() < ring_.capacity();
}

void TapProducer::Drop(const Sample& sample) {
  for (const KeptRow& row : sample.rows) sample.model->dropped()[row.stratum].Add();
  dropped_samples_.Add();
}

void TapProducer::Recycle(std::unique_ptr<Sample> sample) {
  if (stock_.size() >= kStockSamples || sample->byte_size > kRecycledBytes) return;
  Empty(*sample);
  stock_.push_back(std::move(sample));
}

std::unique_ptr<Sample> TapProducer::Take() {
  std::unique_ptr<Sample> sample;
  if (ring_.TryPop(sample)) taken_bytes_.Add(sample->byte_size);
  return sample;
}

void TapProducer::Return(std::unique_ptr<Sample> sample) {
  const size_t bytes = sample->byte_size;
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
