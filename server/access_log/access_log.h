#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/access_log/access_entry.h"
#include "server/base/counter.h"
#include "server/base/spsc_ring.h"

namespace driftserve {

/// Which requests are logged.
struct AccessLogSettings {
  double rate = 0;       // share of all requests, 0 to 1
  int64_t slow_ns = 0;   // requests that took at least this long are logged always; 0: none
  uint64_t seed = 0;     // of the choice by rate
  size_t ring_entries = 1024;  // waiting for the writer, per serving thread
};

/// One serving thread's end of the access log. Never blocks. Used by that thread only, except dropped().
///
/// Dropped: an entry that finds the ring full; counted in dropped().
class AccessLogProducer {
 public:
  explicit AccessLogProducer(const AccessLogSettings& settings);

  /// Whether a request is to be logged. One hash where it was not slow and the rate is neither 0 nor 1.
  bool Wants(uint64_t sequence, int64_t duration_ns) const;
  bool IsSlow(int64_t duration_ns) const { return static_cast<uint64_t>(duration_ns) >= slow_ns_; }
  void Offer(AccessEntry entry);

  /// Writer only.
  bool Take(AccessEntry& entry) { return ring_.TryPop(entry); }
  uint64_t dropped() const { return dropped_.Read(); }

 private:
  const uint64_t slow_ns_;
  const uint64_t threshold_;  // a request's hash is kept below it
  const bool keep_all_;
  const uint64_t seed_;
  SpscRing<AccessEntry> ring_;
  SingleWriterCounter dropped_;
};

/// Takes whole lines; false where they could not be written. Called by the writer's thread.
using LineSink = std::function<bool(const std::string& lines)>;

/// The access log: a JSON line per logged request, written by a thread of its own.
///
/// Thread safety: AddProducer and the counts by anyone; Start and Stop by one thread. Lifetime: Stop writes what
/// waits.
class AccessLog {
 public:
  AccessLog(AccessLogSettings settings, LineSink sink);
  ~AccessLog();

  void Start();
  void Stop();

  /// For a thread that starts serving; lives as long as the log.
  AccessLogProducer* AddProducer();

  /// Writes everything that waits now. The writer's thread calls it; a test may instead of Start.
  void WriteWaiting();

  uint64_t written() const { return written_.Read(); }
  /// By full rings.
  uint64_t dropped() const;
  /// Lines that the sink did not take.
  uint64_t failed() const { return failed_.Read(); }

 private:
  void Run();

  const AccessLogSettings settings_;
  const LineSink sink_;
  SingleWriterCounter written_;
  SingleWriterCounter failed_;
  std::string lines_;  // the writer's
  std::thread thread_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable stop_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<AccessLogProducer>> producers_;
};

}  // namespace driftserve
