#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace driftserve {

/// Damages texts and bytes: the same damage for the same seed on every machine. Not thread-safe.
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  /// 0 to `bound` - 1. REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  /// One to four changes: bits, bytes, runs removed, repeated, swapped or replaced, one of `tokens` put in.
  std::string Mutate(std::string bytes, const std::vector<std::string_view>& tokens) {
    for (uint64_t changes = 1 + Below(4); changes > 0; --changes) Change(bytes, tokens);
    return bytes;
  }

  /// A number at the edge of something: 0, 1, powers of two less one, the largest.
  uint64_t Number() {
    const uint64_t power = uint64_t{1} << Below(64);
    switch (Below(4)) {
      case 0:
        return power;
      case 1:
        return power - 1;
      case 2:
        return ~power;
      default:
        return random_();
    }
  }

 private:
  void Change(std::string& bytes, const std::vector<std::string_view>& tokens) {
    const size_t at = bytes.empty() ? 0 : Below(bytes.size());
    const size_t length = bytes.empty() ? 0 : Below(std::min<size_t>(bytes.size() - at, 40));
    switch (Below(7)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8)));
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(Below(256));
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 4:
        bytes.resize(at);
        break;
      case 5:
        if (!bytes.empty()) bytes.insert(at, bytes.substr(Below(bytes.size()), length));
        break;
      default:
        if (!tokens.empty()) bytes.replace(at, Below(2) * length, tokens[Below(tokens.size())]);
    }
  }

  std::mt19937_64 random_;  // its numbers are the standard's, so equal everywhere
};

}  // namespace driftserve
