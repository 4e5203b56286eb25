#ifndef DRIFT_SORTED_KEYS_H_
#define DRIFT_SORTED_KEYS_H_

#include <cstdint>
#include <vector>

namespace drift {

// Sorts keys (dtype.h) from small to large: digit by digit where there are many, which is several times as fast as by
// comparison and takes as much memory again. Bits below `lowest_bit` are not looked at: LowestKeyBit() of a dtype.
void SortKeys(std::vector<std::uint64_t>& keys, int lowest_bit = 0);

}  // namespace drift

#endif  // DRIFT_SORTED_KEYS_H_
