#include "drift/category_table.h"

#include <bit>

namespace drift {

std::uint64_t HashKey(std::uint64_t key) {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9ull;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebull;
  return key ^ (key >> 31);
}

std::uint64_t HashText(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return HashKey(hash);
}

CategoryTable::CategoryTable(const FeatureReference& reference)
    : names_(reference.categories), unseen_joins_other_(reference.unseen_joins_other) {
  slots_.resize(std::bit_ceil(2 * (names_.size() + reference.known_hashes.size()) + 2));
  for (std::size_t cell = 0; cell < names_.size(); ++cell) {
    const bool text = reference.dtype == Dtype::kText;
    const std::uint64_t hash =
        text ? HashText(names_[cell]) : HashKey(KeyFromText(names_[cell], reference.dtype).value_or(0));
    Insert(hash, static_cast<std::uint32_t>(cell));
  }
  for (const std::uint64_t hash : reference.known_hashes) Insert(hash, other_cell());
}

void CategoryTable::Insert(std::uint64_t hash, std::uint32_t cell) {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].cell != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {hash, cell + 1};
}

std::uint32_t CategoryTable::FindHash(std::uint64_t hash, const std::string_view* bytes) const {
  std::size_t at = hash & (slots_.size() - 1);
  for (; slots_[at].cell != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].hash != hash) continue;
    const std::uint32_t cell = slots_[at].cell - 1;
    if (bytes == nullptr || cell == other_cell() || names_[cell] == *bytes) return cell;
  }
  return unseen_joins_other_ ? other_cell() : unseen_cell();
}

std::uint32_t CategoryTable::FindText(std::string_view bytes) const { return FindHash(HashText(bytes), &bytes); }

// The mix of a number's key is a bijection, so that an equal hash is the equal number.
std::uint32_t CategoryTable::FindKey(std::uint64_t key) const { return FindHash(HashKey(key), nullptr); }

}  // namespace drift
