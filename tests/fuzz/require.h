#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace driftserve {

/// How many inputs a fuzz body read, and how many it refused with a message. A run in which all went one way proves
/// little.
inline uint64_t inputs_read = 0, inputs_refused = 0;

/// Ends the program where something that always holds does not: the driver, or libFuzzer, then keeps the input.
inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: expected %s\n", what);
  std::abort();
}

}  // namespace driftserve
