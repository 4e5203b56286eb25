#include "drift/cell_search.h"

#include <limits>

namespace drift {
namespace {

// In-order walk of the implicit tree: node's left subtree, node, right subtree.
void Fill(std::span<const std::uint64_t> sorted, std::size_t node, std::size_t& next,
          std::vector<std::uint64_t>& tree) {
  if (node >= tree.size()) return;
  Fill(sorted, 2 * node, next, tree);
  tree[node] = next < sorted.size() ? sorted[next] : std::numeric_limits<std::uint64_t>::max();
  ++next;
  Fill(sorted, 2 * node + 1, next, tree);
}

}  // namespace

CellSearch::CellSearch(std::span<const std::uint64_t> sorted_edges) {
  while ((std::size_t{1} << levels_) - 1 < sorted_edges.size()) ++levels_;
  tree_.resize(std::size_t{1} << levels_);
  std::size_t next = 0;
  Fill(sorted_edges, 1, next, tree_);
}

}  // namespace drift
