#include "server/execute/cpu_features.h"

#include <map>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace driftserve {
namespace {

#if defined(__x86_64__)

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers Leaf(unsigned leaf, unsigned part) {
  Registers found;
  __get_cpuid_count(leaf, part, &found.eax, &found.ebx, &found.ecx, &found.edx);
  return found;
}

// Leaf 7 of CPUID (Intel's manual, volume 2A): whether the CPU has it; the compiler's built-in words say whether the
// system saves the registers too.
std::map<std::string_view, bool> KnownFeatures() {
  __builtin_cpu_init();
  const Registers leaf = Leaf(7, 0), part = Leaf(7, 1);
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return {{"NONE", true},
          {"AVX2", __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
          {"AVX512", avx512},
          {"AVX512_VNNI", avx512 && __builtin_cpu_supports("avx512vnni")},
          {"AVX512_BF16", avx512 && __builtin_cpu_supports("avx512bf16")},
          {"AMX_TILE", (leaf.edx >> 24 & 1) != 0},
          {"AMX_FP16", (part.eax >> 21 & 1) != 0}};
}

#else

std::map<std::string_view, bool> KnownFeatures() { return {{"NONE", true}}; }

#endif

}  // namespace

std::vector<std::string> MissingCpuFeatures(std::string_view required) {
  static const std::map<std::string_view, bool> known = KnownFeatures();
  std::vector<std::string> missing;
  while (!required.empty()) {
    const size_t end = required.find(' ');
    const std::string_view word = required.substr(0, end);
    required.remove_prefix(end == required.npos ? required.size() : end + 1);
    const auto found = known.find(word);
    if (!word.empty() && (found == known.end() || !found->second)) missing.emplace_back(word);
  }
  return missing;
}

}  // namespace driftserve
