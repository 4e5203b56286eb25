#include "tests/fuzz/coverage.h"

namespace {

constexpr uintptr_t kBranches = uintptr_t{1} << 20;
unsigned char taken[kBranches];
uintptr_t last_block = 0;
uint64_t branches = 0;

}  // namespace

extern "C" const char __executable_start;  // where the linker put the program: a block has the same number in each run

/// What g++ calls at the beginning of every block of instrumented code: a branch is a pair of blocks.
extern "C" void __sanitizer_cov_trace_pc() {
  const uintptr_t block = reinterpret_cast<uintptr_t>(__builtin_return_address(0)) -
                          reinterpret_cast<uintptr_t>(&__executable_start);
  unsigned char& branch = taken[((block * 0x9e3779b97f4a7c15u >> 24) ^ (last_block << 1)) % kBranches];
  last_block = block * 0x9e3779b97f4a7c15u >> 24;
  branches += branch == 0;
  branch = 1;
}

namespace driftserve {

uint64_t NewBranches() {
  const uint64_t since = branches;
  branches = 0;
  return since;
}

}  // namespace driftserve
