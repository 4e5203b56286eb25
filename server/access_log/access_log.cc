#include "server/access_log/access_log.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "server/base/hash.h"

namespace driftserve {
namespace {

// Lines come out at least this often; a serving thread is never woken or kept waiting for it.
constexpr std::chrono::milliseconds kInterval(50);
// What is put together before it is written.
constexpr size_t kChunkBytes = size_t{256} << 10;

uint64_t Threshold(double rate) { return rate <= 0 ? 0 : static_cast<uint64_t>(std::ldexp(std::min(rate, 0.999), 64)); }

}  // namespace

AccessLogProducer::AccessLogProducer(const AccessLogSettings& settings)
    : slow_ns_(settings.slow_ns > 0 ? static_cast<uint64_t>(settings.slow_ns) : UINT64_MAX),
      threshold_(Threshold(settings.rate)),
      keep_all_(settings.rate >= 1),
      seed_(settings.seed),
      ring_(settings.ring_entries) {}

bool AccessLogProducer::Wants(uint64_t sequence, int64_t duration_ns) const {
  if (keep_all_ || IsSlow(duration_ns)) return true;
  return threshold_ != 0 && Hash64(sequence, 0, seed_) < threshold_;
}

void AccessLogProducer::Offer(AccessEntry entry) {
  if (!ring_.TryPush(std::move(entry))) dropped_.Add();
}

AccessLog::AccessLog(AccessLogSettings settings, LineSink sink) : settings_(settings), sink_(std::move(sink)) {}

AccessLog::~AccessLog() { Stop(); }

void AccessLog::Start() {
  thread_ = std::thread([this] { Run(); });
}

void AccessLog::Stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

AccessLogProducer* AccessLog::AddProducer() {
  std::lock_guard lock(mutex_);
  producers_.push_back(std::make_unique<AccessLogProducer>(settings_));
  return producers_.back().get();
}

void AccessLog::Run() {
  pthread_setname_np(pthread_self(), "access_log");
  for (bool stopping = false; !stopping;) {
    {
      std::unique_lock lock(mutex_);
      stop_.wait_for(lock, kInterval, [this] { return stopping_; });
      stopping = stopping_;
    }
    WriteWaiting();
  }
}

void AccessLog::WriteWaiting() {
  std::vector<AccessLogProducer*> producers;
  {
    std::lock_guard lock(mutex_);
    for (const auto& producer : producers_) producers.push_back(producer.get());
  }
  AccessEntry entry;
  uint64_t count = 0;
  const auto write = [&] {
    if (count > 0) (sink_(lines_) ? written_ : failed_).Add(count);
    lines_.clear();
    count = 0;
  };
  for (AccessLogProducer* const producer : producers) {
    while (producer->Take(entry)) {
      AppendLine(entry, lines_);
      ++count;
      if (lines_.size() >= kChunkBytes) write();
    }
  }
  write();
}

uint64_t AccessLog::dropped() const {
  std::lock_guard lock(mutex_);
  uint64_t sum = 0;
  for (const auto& producer : producers_) sum += producer->dropped();
  return sum;
}

}  // namespace driftserve
