#ifndef DRIFT_CELL_SEARCH_H_
#define DRIFT_CELL_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace drift {

// Finds the right-closed cell of a key among sorted edges: the number of edges below the key. The edges lie in
// the order in which a binary search visits them (an implicit tree, root first), padded to a full tree with the
// largest key (no key is above it), so that a
// look-up is a fixed number of steps without a branch. Constant after construction.
class CellSearch {
 public:
  CellSearch() : CellSearch(std::span<const std::uint64_t>()) {}
  explicit CellSearch(std::span<const std::uint64_t> sorted_edges);

  std::uint32_t Find(std::uint64_t key) const {
    std::size_t node = 1;
    for (int level = 0; level < levels_; ++level) {
      node = 2 * node + (tree_[node] < key ? 1 : 0);
    }
    // Below the last level the nodes are numbered left to right: the number is the count of edges below the key.
    return static_cast<std::uint32_t>(node - (std::size_t{1} << levels_));
  }

 private:
  int levels_ = 0;
  std::vector<std::uint64_t> tree_;
};

}  // namespace drift

#endif  // DRIFT_CELL_SEARCH_H_
