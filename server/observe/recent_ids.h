#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace driftserve {

/// The hashes of the last request ids, as many as the table holds: a newer id takes the place of an older one. Finds
/// most repetitions that come soon, and no others: enough to warn that ids are not unique. Single-threaded.
class RecentIds {
 public:
  static constexpr size_t kSlots = size_t{1} << 16;  // 512 KiB

  /// True where `hash` is in the table; otherwise puts it there.
  bool CheckAndInsert(uint64_t hash) {
    if (slots_.empty()) slots_.resize(kSlots, 0);
    if (hash == 0) hash = 1;  // 0 marks an empty slot
    uint64_t& slot = slots_[hash % kSlots];
    if (slot == hash) return true;
    slot = hash;
    return false;
  }

 private:
  std::vector<uint64_t> slots_;
};

}  // namespace driftserve
