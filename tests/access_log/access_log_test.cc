#include "server/access_log/access_log.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace driftserve {
namespace {

AccessLogSettings Settings(double rate, int64_t slow_ns = 0) {
  AccessLogSettings settings;
  settings.rate = rate;
  settings.slow_ns = slow_ns;
  settings.ring_entries = 4;
  return settings;
}

size_t Lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

TEST(AccessLogProducer, WantsTheShareThatTheRateSays) {
  AccessLogProducer none(Settings(0)), some(Settings(0.1)), all(Settings(1));
  int wanted = 0;
  for (uint64_t sequence = 0; sequence < 10'000; ++sequence) {
    EXPECT_FALSE(none.Wants(sequence, 0));
    EXPECT_TRUE(all.Wants(sequence, 0));
    wanted += some.Wants(sequence, 0);
  }
  EXPECT_NEAR(wanted, 1000, 150);  // five standard deviations
}

TEST(AccessLogProducer, WantsSlowRequestsWhateverTheRate) {
  AccessLogProducer producer(Settings(0, 1'000'000));
  EXPECT_FALSE(producer.Wants(1, 999'999));
  EXPECT_TRUE(producer.Wants(1, 1'000'000));
}

TEST(AccessLog, WritesWhatAllThreadsOffered) {
  std::string written;
  AccessLog log(Settings(1), [&](const std::string& lines) {
    written += lines;
    return true;
  });
  AccessLogProducer* const first = log.AddProducer();
  AccessLogProducer* const second = log.AddProducer();
  first->Offer(AccessEntry());
  second->Offer(AccessEntry());
  second->Offer(AccessEntry());
  log.WriteWaiting();
  EXPECT_EQ(Lines(written), 3u);
  EXPECT_EQ(log.written(), 3u);
  EXPECT_EQ(log.dropped(), 0u);
}

TEST(AccessLog, AFullRingDropsAndCounts) {
  AccessLog log(Settings(1), [](const std::string&) { return true; });
  AccessLogProducer* const producer = log.AddProducer();
  for (int i = 0; i < 7; ++i) producer->Offer(AccessEntry());
  log.WriteWaiting();
  EXPECT_EQ(log.written(), 4u);
  EXPECT_EQ(log.dropped(), 3u);
}

TEST(AccessLog, LinesThatCannotBeWrittenAreCounted) {
  AccessLog log(Settings(1), [](const std::string&) { return false; });
  log.AddProducer()->Offer(AccessEntry());
  log.WriteWaiting();
  EXPECT_EQ(log.failed(), 1u);
  EXPECT_EQ(log.written(), 0u);
}

TEST(AccessLog, StopWritesWhatWaits) {
  std::string written;
  AccessLog log(Settings(1), [&](const std::string& lines) {
    written += lines;
    return true;
  });
  AccessLogProducer* const producer = log.AddProducer();
  log.Start();
  producer->Offer(AccessEntry());
  log.Stop();
  EXPECT_EQ(Lines(written), 1u);
}

}  // namespace
}  // namespace driftserve
