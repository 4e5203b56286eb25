#include "drift/topic/boot_sequences.h"

#include <limits>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace drift {
namespace {

constexpr uint64_t kBoot = 7;

TEST(SequenceSetTest, CountsAsASetDoes) {
  std::mt19937_64 random(1);
  SequenceSet numbers;
  std::set<uint64_t> expected;
  size_t pages = 1000;
  for (int i = 0; i < 5000; ++i) {
    const uint64_t number = random() % 20'000;
    EXPECT_EQ(numbers.Insert(number, pages) == SequenceSet::Outcome::kNew, expected.insert(number).second);
  }
  for (int i = 0; i < 500; ++i) {
    const uint64_t first = random() % 21'000, last = first + random() % 5000;
    const auto within = std::distance(expected.lower_bound(first), expected.upper_bound(last));
    EXPECT_EQ(numbers.CountWithin(first, last), static_cast<uint64_t>(within));
  }
  EXPECT_EQ(numbers.CountWithin(0, std::numeric_limits<uint64_t>::max()), expected.size());
}

TEST(SequenceSetTest, WithoutPagesItSaysSo) {
  SequenceSet numbers;
  size_t pages = 1;
  EXPECT_EQ(numbers.Insert(1, pages), SequenceSet::Outcome::kNew);
  EXPECT_EQ(numbers.Insert(1 << 20, pages), SequenceSet::Outcome::kFull);
  EXPECT_TRUE(numbers.incomplete());
}

TEST(BootSequencesTest, ADuplicateIsKnown) {
  BootSequences sequences;
  EXPECT_TRUE(sequences.Insert(0, true, kBoot, 5));
  EXPECT_FALSE(sequences.Insert(0, true, kBoot, 5));
  EXPECT_FALSE(sequences.Insert(1, true, kBoot, 5));
  EXPECT_TRUE(sequences.Insert(0, true, kBoot + 1, 5));
}

TEST(BootSequencesTest, ALossIsProvenWhereEveryPartitionWasReadPastIt) {
  BootSequences sequences;
  for (const uint64_t seq : {1, 4, 7, 10, 13}) sequences.Insert(0, true, kBoot, seq);
  for (const uint64_t seq : {2, 5, 11, 14}) sequences.Insert(1, true, kBoot, seq);
  // 3, 6, 8, 9 and 12 came in no partition. Of what follows 13, the last of partition 0, nothing is said.
  EXPECT_EQ(sequences.MissingNumbers(), 5u);
  const auto gaps = sequences.Gaps(10);
  ASSERT_EQ(gaps.size(), 4u);
  EXPECT_EQ(gaps[2].first, 8u);
  EXPECT_EQ(gaps[2].last, 9u);
  EXPECT_EQ(sequences.Gaps(1).size(), 1u);
}

TEST(BootSequencesTest, AtTheEdgesNothingIsProven) {
  BootSequences sequences;
  // Read from the middle on: what is before the later of the two beginnings may lie before what was read.
  for (const uint64_t seq : {100, 103}) sequences.Insert(0, false, kBoot, seq);
  for (const uint64_t seq : {102, 110}) sequences.Insert(1, false, kBoot, seq);
  EXPECT_EQ(sequences.MissingNumbers(), 0u);
}

TEST(BootSequencesTest, TheFirstNumbersAreMissedFromTheStartOnly) {
  BootSequences whole, part;
  for (const uint64_t seq : {3, 4}) {
    whole.Insert(0, true, kBoot, seq);
    part.Insert(0, false, kBoot, seq);
  }
  EXPECT_EQ(whole.MissingNumbers(), 2u);
  EXPECT_EQ(part.MissingNumbers(), 0u);
}

TEST(BootSequencesTest, NoLossNoGap) {
  BootSequences sequences;
  for (uint64_t seq = 1; seq <= 30'000; ++seq) sequences.Insert(static_cast<int32_t>(seq % 3), true, kBoot, seq);
  EXPECT_EQ(sequences.MissingNumbers(), 0u);
  EXPECT_TRUE(sequences.Gaps(3).empty());
}

TEST(BootSequencesTest, TheLargestNumbersAreHandled) {
  constexpr uint64_t kLargest = std::numeric_limits<uint64_t>::max();
  BootSequences sequences;
  sequences.Insert(0, true, kBoot, 1);
  sequences.Insert(0, true, kBoot, kLargest);
  EXPECT_EQ(sequences.MissingNumbers(), kLargest - 2);
  const auto gaps = sequences.Gaps(3);
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].last, kLargest - 1);
}

TEST(BootSequencesTest, MemoryIsBounded) {
  BootSequences sequences;
  // Every number on a page of its own, as a sender of nonsense might have it.
  for (uint64_t i = 0; i < BootSequences::kPages + 10; ++i) {
    EXPECT_TRUE(sequences.Insert(0, true, kBoot, 1 + i * SequenceSet::kPageNumbers));
  }
  EXPECT_EQ(sequences.MissingNumbers(), 0u);  // nothing is proven of an incomplete set
  EXPECT_TRUE(sequences.Insert(0, true, kBoot + 1, 1));
  EXPECT_TRUE(sequences.Insert(0, true, kBoot + 1, 1));
}

}  // namespace
}  // namespace drift
