#include "server/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace driftserve {

uint64_t Hash64(std::string_view bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

uint64_t Hash64(uint64_t first, uint64_t second, uint64_t seed) {
  const uint64_t words[2] = {first, second};
  return XXH64(words, sizeof(words), seed);
}

}  // namespace driftserve
