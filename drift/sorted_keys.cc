#include "drift/sorted_keys.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace drift {
namespace {

constexpr std::size_t kFewKeys = 4096;
constexpr int kDigitBits = 12;  // the counts of a digit fit the first cache
constexpr std::size_t kDigitValues = std::size_t{1} << kDigitBits;

}  // namespace

void SortKeys(std::vector<std::uint64_t>& keys, int lowest_bit) {
  if (keys.size() < kFewKeys || keys.size() > std::numeric_limits<std::uint32_t>::max()) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  const int digits = (64 - lowest_bit + kDigitBits - 1) / kDigitBits;
  const auto value_of = [lowest_bit](std::uint64_t key, int digit) {
    return (key >> (lowest_bit + digit * kDigitBits)) & (kDigitValues - 1);
  };
  std::vector<std::array<std::uint32_t, kDigitValues>> counts(static_cast<std::size_t>(digits));
  for (const std::uint64_t key : keys) {
    for (int digit = 0; digit < digits; ++digit) ++counts[digit][value_of(key, digit)];
  }
  std::vector<std::uint64_t> sorted(keys.size());
  for (int digit = 0; digit < digits; ++digit) {
    auto& places = counts[digit];
    if (places[value_of(keys.front(), digit)] == keys.size()) continue;  // all have the same
    std::uint32_t place = 0;
    for (std::uint32_t& count : places) {
      const std::uint32_t rows = count;
      count = place;
      place += rows;
    }
    for (const std::uint64_t key : keys) sorted[places[value_of(key, digit)]++] = key;
    keys.swap(sorted);
  }
}

}  // namespace drift
