#include "drift/sorted_keys.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace drift {
namespace {

constexpr std::size_t kFewKeys = 4096;
constexpr int kDigitBits = 11, kDigits = 6;  // 66 bits
constexpr std::size_t kDigitValues = std::size_t{1} << kDigitBits;

std::size_t DigitOf(std::uint64_t key, int digit) { return (key >> (digit * kDigitBits)) & (kDigitValues - 1); }

}  // namespace

void SortKeys(std::vector<std::uint64_t>& keys) {
  if (keys.size() < kFewKeys) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  std::vector<std::array<std::size_t, kDigitValues>> counts(kDigits);
  for (const std::uint64_t key : keys) {
    for (int digit = 0; digit < kDigits; ++digit) ++counts[digit][DigitOf(key, digit)];
  }
  std::vector<std::uint64_t> sorted(keys.size());
  for (int digit = 0; digit < kDigits; ++digit) {
    auto& places = counts[digit];
    if (places[DigitOf(keys.front(), digit)] == keys.size()) continue;  // all have the same
    std::size_t place = 0;
    for (std::size_t& count : places) {
      const std::size_t rows = count;
      count = place;
      place += rows;
    }
    for (const std::uint64_t key : keys) sorted[places[DigitOf(key, digit)]++] = key;
    keys.swap(sorted);
  }
}

}  // namespace drift
