#ifndef DRIFT_CATEGORY_TABLE_H_
#define DRIFT_CATEGORY_TABLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drift/reference.h"

namespace drift {

// The hash by which a category that was seen but not kept is remembered; equal on every platform.
std::uint64_t HashText(std::string_view bytes);
std::uint64_t HashKey(std::uint64_t key);

// Category → cell: the kept ones by exact comparison, OTHER by the hashes of what else the reference saw, and
// UNSEEN. A different text with an equal 64-bit hash would count as OTHER (chance below 1e-15 per look-up).
// Constant after construction.
class CategoryTable {
 public:
  CategoryTable() = default;
  explicit CategoryTable(const FeatureReference& reference);

  std::uint32_t FindText(std::string_view bytes) const;
  std::uint32_t FindKey(std::uint64_t key) const;
  const std::string& name(std::uint32_t cell) const { return names_[cell]; }
  std::uint32_t other_cell() const { return static_cast<std::uint32_t>(names_.size()); }
  std::uint32_t unseen_cell() const { return other_cell() + 1; }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t cell = 0;  // 1 + the cell; 0: an empty slot
  };
  void Insert(std::uint64_t hash, std::uint32_t cell);
  std::uint32_t FindHash(std::uint64_t hash, const std::string_view* bytes) const;

  std::vector<std::string> names_;
  std::vector<Slot> slots_;  // open addressing, a power of two
  bool unseen_joins_other_ = false;
};

}  // namespace drift

#endif  // DRIFT_CATEGORY_TABLE_H_
