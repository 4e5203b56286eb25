#pragma once

#include <cstdint>
#include <string_view>

namespace driftserve {

/// XXH64 of `bytes` under `seed`: the same number on every machine and in every language that has xxHash, so that a
/// consumer of the records can decide again what was sampled.
uint64_t Hash64(std::string_view bytes, uint64_t seed);

/// XXH64 of the 16 bytes {first, second}, little-endian.
uint64_t Hash64(uint64_t first, uint64_t second, uint64_t seed);

}  // namespace driftserve
