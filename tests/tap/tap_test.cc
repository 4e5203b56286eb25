#include "server/tap/tap.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tap/watched.h"

namespace driftserve {
namespace {

struct CountedOwner final : SampleOwner {
  explicit CountedOwner(std::atomic<int>* live) : live(live) { ++*live; }
  ~CountedOwner() override { --*live; }
  std::atomic<int>* const live;
};

class TapTest : public ::testing::Test {
 protected:
  std::unique_ptr<Sample> Fill(TapProducer& producer, uint64_t sequence, size_t bytes, int stratum = 0) {
    std::unique_ptr<Sample> sample = producer.NewSample();
    sample->model = model_.get();
    sample->request_sequence = sequence;
    sample->rows.push_back({0, 0, stratum, 0.1});
    sample->byte_size = bytes;
    if (sample->owner == nullptr) sample->owner = std::make_unique<CountedOwner>(&live_owners_);
    return sample;
  }

  std::shared_ptr<WatchedModel> model_ = MakeWatched();
  std::atomic<int> live_owners_{0};
};

TEST_F(TapTest, SamplesComeOutInTheOrderOfTheirOffers) {
  TapProducer producer({8, 1'000});
  for (uint64_t sequence = 1; sequence <= 5; ++sequence) {
    auto sample = Fill(producer, sequence, 10);
    EXPECT_TRUE(producer.Offer(sample));
    EXPECT_EQ(sample, nullptr);
  }
  EXPECT_EQ(producer.queued_bytes(), 50u);
  for (uint64_t sequence = 1; sequence <= 5; ++sequence) EXPECT_EQ(producer.Take()->request_sequence, sequence);
  EXPECT_EQ(producer.Take(), nullptr);
  EXPECT_EQ(producer.queued_bytes(), 0u);
  EXPECT_EQ(model_->kept()[0].Read(), 5u);
}

TEST_F(TapTest, AFullRingDropsCountsAndLeavesTheSampleWithTheCaller) {
  TapProducer producer({4, 1'000});
  for (uint64_t sequence = 0; sequence < 4; ++sequence) {
    auto sample = Fill(producer, sequence, 10);
    ASSERT_TRUE(producer.Offer(sample));
  }
  auto refused = Fill(producer, 4, 10, 1);
  refused->rows.push_back({1, 1, 0, 0.1});
  EXPECT_FALSE(producer.Offer(refused));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(producer.dropped_samples(), 1u);
  EXPECT_EQ(model_->dropped()[0].Read(), 1u);
  EXPECT_EQ(model_->dropped()[1].Read(), 1u);
  EXPECT_EQ(model_->kept()[0].Read(), 4u);
  EXPECT_EQ(model_->kept()[1].Read(), 0u);

  producer.Recycle(std::move(refused));
  producer.Take();
  auto again = Fill(producer, 5, 10);
  EXPECT_TRUE(producer.Offer(again));
  EXPECT_EQ(producer.dropped_samples(), 1u);
}

TEST_F(TapTest, TheRingIsBoundedInBytesToo) {
  TapProducer producer({64, 100});
  auto first = Fill(producer, 1, 60);
  EXPECT_TRUE(producer.Offer(first));
  auto second = Fill(producer, 2, 41);
  EXPECT_FALSE(producer.Offer(second));
  second->byte_size = 40;
  EXPECT_TRUE(producer.Offer(second));
  EXPECT_EQ(producer.queued_bytes(), 100u);
  auto large = Fill(producer, 3, 101);
  producer.Take();
  producer.Take();
  EXPECT_FALSE(producer.Offer(large)) << "a sample above the bound is never taken";
  EXPECT_EQ(producer.dropped_samples(), 2u);
}

TEST_F(TapTest, ASpentOwnerComesBackToItsThread) {
  TapProducer producer({8, 1'000});
  auto sample = Fill(producer, 1, 10);
  const SampleOwner* owner = sample->owner.get();
  ASSERT_TRUE(producer.Offer(sample));
  auto taken = producer.Take();
  taken->request_id = "abc";
  producer.Return(std::move(taken));

  auto again = producer.NewSample();
  EXPECT_EQ(again->owner.get(), owner);
  EXPECT_EQ(again->request_id, "");
  EXPECT_EQ(again->rows.size(), 0u);
  EXPECT_EQ(again->byte_size, 0u);
  EXPECT_EQ(producer.NewSample()->owner, nullptr);
}

TEST_F(TapTest, RecycledSamplesAreUsedFirst) {
  TapProducer producer({8, 1'000});
  auto sample = Fill(producer, 1, 10);
  const Sample* address = sample.get();
  producer.Recycle(std::move(sample));
  EXPECT_EQ(producer.NewSample().get(), address);
}

TEST_F(TapTest, WhatCameBackIsUsedInItsOrderAndOnce) {
  TapProducer producer({8, 1'000});
  std::vector<const Sample*> returned, used;
  for (uint64_t sequence = 0; sequence < 3; ++sequence) {
    auto sample = Fill(producer, sequence, 10);
    returned.push_back(sample.get());
    ASSERT_TRUE(producer.Offer(sample));
  }
  for (int i = 0; i < 3; ++i) producer.Return(producer.Take());
  std::vector<std::unique_ptr<Sample>> again;
  for (int i = 0; i < 4; ++i) again.push_back(producer.NewSample());
  for (int i = 0; i < 3; ++i) used.push_back(again[i].get());
  EXPECT_EQ(used, returned);
  EXPECT_EQ(again[3]->owner, nullptr) << "a new one";
  EXPECT_EQ(live_owners_, 3);
}

TEST_F(TapTest, ALargeCopyCountsWhereASmallOneFollowsIt) {
  TapProducer producer({64, 100});
  for (uint64_t sequence = 0; sequence < 10; ++sequence) {
    auto sample = Fill(producer, sequence, 1);
    sample->copied_rows.resize(10);
    ASSERT_TRUE(producer.Offer(sample));
  }
  for (int i = 0; i < 10; ++i) producer.Return(producer.Take());
  EXPECT_EQ(live_owners_, 2) << "a quarter of the byte bound";
}

TEST_F(TapTest, WhatComesBackIsBoundedInBytes) {
  TapProducer producer({64, 100});
  std::vector<std::unique_ptr<Sample>> taken;
  for (uint64_t sequence = 0; sequence < 10; ++sequence) {
    auto sample = Fill(producer, sequence, 10);
    ASSERT_TRUE(producer.Offer(sample));
    taken.push_back(producer.Take());
  }
  EXPECT_EQ(live_owners_, 10);
  for (auto& sample : taken) producer.Return(std::move(sample));
  EXPECT_EQ(live_owners_, 2) << "a quarter of the byte bound";
  EXPECT_NE(producer.NewSample()->owner, nullptr);
}

TEST_F(TapTest, OneThatGrewLargeIsNotKept) {
  TapProducer producer({64, size_t{1} << 30});
  auto sample = Fill(producer, 1, TapProducer::kRecycledBytes + 1);
  ASSERT_TRUE(producer.Offer(sample));
  producer.Return(producer.Take());
  EXPECT_EQ(live_owners_, 0);
  producer.Recycle(Fill(producer, 2, TapProducer::kRecycledBytes + 1));
  EXPECT_EQ(live_owners_, 0);
}

TEST_F(TapTest, SamplesLeftInTheRingGoWithIt) {
  {
    TapProducer producer({8, 1'000});
    auto sample = Fill(producer, 1, 10);
    ASSERT_TRUE(producer.Offer(sample));
    EXPECT_EQ(live_owners_, 1);
  }
  EXPECT_EQ(live_owners_, 0);
}

TEST_F(TapTest, ProducersKeepTheirPlaceAndTheirOrder) {
  Tap tap({8, 1'000});
  std::vector<TapProducer*> added;
  for (int i = 0; i < 10; ++i) added.push_back(tap.AddProducer());
  EXPECT_EQ(tap.producers(), added);
}

// One thread offers, another takes and returns: whatever was offered is taken or was counted as dropped.
TEST_F(TapTest, NothingIsLostBetweenTwoThreads) {
  constexpr uint64_t kSamples = 50'000;
  Tap tap({32, 4'000});
  TapProducer& producer = *tap.AddProducer();
  std::atomic<bool> done{false};
  std::thread serving([&] {
    for (uint64_t sequence = 1; sequence <= kSamples; ++sequence) {
      auto sample = Fill(producer, sequence, 10 + sequence % 300);
      if (!producer.Offer(sample)) producer.Recycle(std::move(sample));
    }
    done = true;
  });
  uint64_t taken = 0, last = 0;
  bool ordered = true, finished = false;
  while (true) {
    std::unique_ptr<Sample> sample = producer.Take();
    if (sample == nullptr) {
      if (finished) break;
      finished = done;
      continue;
    }
    ++taken;
    ordered = ordered && sample->request_sequence > last;
    last = sample->request_sequence;
    producer.Return(std::move(sample));
  }
  serving.join();
  EXPECT_TRUE(ordered);
  EXPECT_EQ(taken + producer.dropped_samples(), kSamples);
  EXPECT_EQ(model_->kept()[0].Read(), taken);
  EXPECT_EQ(model_->dropped()[0].Read(), kSamples - taken);
  EXPECT_EQ(producer.queued_bytes(), 0u);
}

}  // namespace
}  // namespace driftserve
