#include "drift/topic/boot_sequences.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace drift {
namespace {

constexpr uint64_t kWordBits = 64;

// Bits `from` to `to` of a word, both included.
uint64_t Mask(uint64_t from, uint64_t to) {
  const uint64_t upper = to == kWordBits - 1 ? ~uint64_t{0} : (uint64_t{1} << (to + 1)) - 1;
  return upper & ~((uint64_t{1} << from) - 1);
}

}  // namespace

SequenceSet::Outcome SequenceSet::Insert(uint64_t number, size_t& pages_left) {
  auto page = pages_.find(number / kPageNumbers);
  if (page == pages_.end()) {
    if (pages_left == 0) {
      incomplete_ = true;
      return Outcome::kFull;
    }
    --pages_left;
    page = pages_.emplace(number / kPageNumbers, std::make_unique<Page>()).first;
    page->second->fill(0);
  }
  uint64_t& word = (*page->second)[number % kPageNumbers / kWordBits];
  const uint64_t bit = uint64_t{1} << (number % kWordBits);
  if ((word & bit) != 0) return Outcome::kKnown;
  word |= bit;
  return Outcome::kNew;
}

uint64_t SequenceSet::CountWithin(uint64_t first, uint64_t last) const {
  if (first > last) return 0;
  uint64_t count = 0;
  for (auto page = pages_.lower_bound(first / kPageNumbers); page != pages_.end(); ++page) {
    const uint64_t base = page->first * kPageNumbers;
    if (base > last) break;
    const uint64_t from = first > base ? first - base : 0;
    const uint64_t to = std::min(last - base, kPageNumbers - 1);
    for (uint64_t word = from / kWordBits; word <= to / kWordBits; ++word) {
      const uint64_t low = word == from / kWordBits ? from % kWordBits : 0;
      const uint64_t high = word == to / kWordBits ? to % kWordBits : kWordBits - 1;
      count += static_cast<uint64_t>(std::popcount((*page->second)[word] & Mask(low, high)));
    }
  }
  return count;
}

// By halving: a damaged number may leave a gap of billions behind it.
uint64_t SequenceSet::RunEnd(uint64_t first, uint64_t last, bool in_set) const {
  uint64_t end = first;
  while (end < last) {
    const uint64_t middle = last - (last - end) / 2;
    const uint64_t expected = in_set ? middle - first + 1 : 0;
    if (CountWithin(first, middle) == expected) {
      end = middle;
    } else {
      last = middle - 1;
    }
  }
  return end;
}

bool BootSequences::Insert(int32_t partition, bool from_start, uint64_t boot_id, uint64_t seq) {
  auto found = boots_.find(boot_id);
  if (found == boots_.end()) {
    if (pages_left_ == 0) return true;
    found = boots_.emplace(boot_id, Boot()).first;
  }
  Boot& boot = found->second;
  if (boot.numbers.Insert(seq, pages_left_) == SequenceSet::Outcome::kKnown) return false;
  Range& range = boot.partitions.try_emplace(partition, Range{seq, seq, from_start}).first->second;
  range.first = std::min(range.first, seq);
  range.last = std::max(range.last, seq);
  return true;
}

std::pair<uint64_t, uint64_t> BootSequences::Boot::Proven() const {
  if (numbers.incomplete()) return {1, 0};
  uint64_t first = 1, last = std::numeric_limits<uint64_t>::max();
  for (const auto& [partition, range] : partitions) {
    if (!range.from_start) first = std::max(first, range.first);
    last = std::min(last, range.last);
  }
  return {first, last};
}

uint64_t BootSequences::MissingNumbers() const {
  uint64_t missing = 0;
  for (const auto& [id, boot] : boots_) {
    const auto [first, last] = boot.Proven();
    if (first <= last) missing += last - first + 1 - boot.numbers.CountWithin(first, last);
  }
  return missing;
}

std::vector<SequenceGap> BootSequences::Gaps(size_t limit) const {
  std::vector<SequenceGap> gaps;
  for (const auto& [id, boot] : boots_) {
    auto [at, last] = boot.Proven();
    while (at <= last && gaps.size() < limit) {
      if (boot.numbers.CountWithin(at, at) == 1) {
        const uint64_t end = boot.numbers.RunEnd(at, last, true);
        if (end == last) break;
        at = end + 1;
      }
      const uint64_t end = boot.numbers.RunEnd(at, last, false);
      gaps.push_back({id, at, end});
      at = end + 1;  // a proven range ends with a number that came, so this is at most `last`
    }
  }
  return gaps;
}

}  // namespace drift
