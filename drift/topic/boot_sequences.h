#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace drift {

/// A set of sequence numbers, a bit each, for numbers that come roughly in order. Single-threaded.
class SequenceSet {
 public:
  static constexpr uint64_t kPageNumbers = 4096;

  enum class Outcome { kNew, kKnown, kFull };
  /// Takes a page of `pages_left` where it needs one; kFull: there is none, and the number is not in the set.
  Outcome Insert(uint64_t number, size_t& pages_left);
  /// A number was left out.
  bool incomplete() const { return incomplete_; }
  /// How many numbers in [first, last] are in the set.
  uint64_t CountWithin(uint64_t first, uint64_t last) const;
  /// The end of the run of numbers from `first` on, at most up to `last`, that are all in the set, or all not in it.
  uint64_t RunEnd(uint64_t first, uint64_t last, bool in_set) const;

 private:
  using Page = std::array<uint64_t, kPageNumbers / 64>;
  std::map<uint64_t, std::unique_ptr<Page>> pages_;  // by number / kPageNumbers
  bool incomplete_ = false;
};

/// A run of numbers of one boot of which no record came though records before and after it did: proof of a loss.
struct SequenceGap {
  uint64_t boot_id = 0;
  uint64_t first = 0, last = 0;
};

/// Tells duplicates by {boot_id, seq} and proves losses. Within a partition the numbers of a boot only grow, so one
/// that was written to any partition must have been read where every partition that holds records of the boot was
/// read from below it to above it. (A number at the edges of what was read may be elsewhere, or still on its way.)
///
/// Single-threaded. Bounded: so many pages for all boots together, by default 64 MiB or half a billion numbers in a
/// row; what comes beyond is taken for new, and nothing is proven of its boot.
class BootSequences {
 public:
  static constexpr size_t kPages = size_t{1} << 17;

  explicit BootSequences(size_t pages = kPages) : pages_left_(pages) {}

  /// Whether {boot_id, seq} is new. `from_start`: the partition is read from its very beginning.
  bool Insert(int32_t partition, bool from_start, uint64_t boot_id, uint64_t seq);

  /// No page is left.
  bool full() const { return pages_left_ == 0; }

  /// Numbers that are missing beyond doubt, and the first `limit` runs of them.
  uint64_t MissingNumbers() const;
  std::vector<SequenceGap> Gaps(size_t limit) const;

 private:
  struct Range {
    uint64_t first = 0, last = 0;
    bool from_start = false;
  };
  struct Boot {
    SequenceSet numbers;
    std::map<int32_t, Range> partitions;

    /// Numbers that must all have been read; first > last: none.
    std::pair<uint64_t, uint64_t> Proven() const;
  };
  std::map<uint64_t, Boot> boots_;
  size_t pages_left_;
};

}  // namespace drift
