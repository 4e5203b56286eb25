#include "server/tap/label_inbox.h"

#include <gtest/gtest.h>

#include <thread>

namespace driftserve {
namespace {

std::unique_ptr<LabelReport> Report(size_t labels) {
  auto report = std::make_unique<LabelReport>();
  report->labels.resize(labels);
  return report;
}

TEST(LabelInboxTest, HandsReportsOverInOrder) {
  LabelInbox inbox;
  LabelProducer* const producer = inbox.AddProducer();
  for (size_t labels : {1, 2, 3}) {
    auto report = Report(labels);
    EXPECT_TRUE(producer->Offer(report));
  }
  ASSERT_EQ(inbox.producers().size(), 1u);
  for (size_t labels : {1u, 2u, 3u}) EXPECT_EQ(inbox.producers()[0]->Take()->labels.size(), labels);
  EXPECT_EQ(producer->Take(), nullptr);
}

TEST(LabelInboxTest, RefusesAboveItsBoundOfLabelsAndTakesAgainWhenThereIsRoom) {
  LabelProducer producer({.reports = 8, .labels = 10});
  auto half = Report(5), other_half = Report(5), one = Report(1);
  EXPECT_TRUE(producer.Offer(half));
  EXPECT_TRUE(producer.Offer(other_half));
  EXPECT_FALSE(producer.Offer(one));
  ASSERT_NE(one, nullptr) << "it stays with the caller";
  producer.Take();
  EXPECT_TRUE(producer.Offer(one));
}

TEST(LabelInboxTest, RefusesAboveItsBoundOfReports) {
  LabelInbox inbox({.reports = 4, .labels = 100});
  LabelProducer* const producer = inbox.AddProducer();
  for (int i = 0; i < 4; ++i) {
    auto report = Report(1);
    ASSERT_TRUE(producer->Offer(report));
  }
  auto report = Report(1);
  EXPECT_FALSE(producer->Offer(report));
}

TEST(LabelInboxTest, TwoThreadsLoseNothing) {
  LabelProducer producer;
  constexpr size_t kCount = 20'000;
  std::thread offering([&producer] {
    for (size_t i = 0; i < kCount;) {
      auto report = Report(3);
      i += producer.Offer(report);
    }
  });
  size_t labels = 0;
  while (labels < 3 * kCount) {
    if (const auto report = producer.Take()) labels += report->labels.size();
  }
  offering.join();
  EXPECT_EQ(producer.Take(), nullptr);
}

}  // namespace
}  // namespace driftserve
