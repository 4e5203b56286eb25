#ifndef TESTS_DRIFT_GOLDEN_DRAW_H_
#define TESTS_DRIFT_GOLDEN_DRAW_H_

#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/drift/simulation.h"

namespace drift::testing {

// The samples of tests/golden/drift/make_golden.py: kinds 0 to 10, drawn from a seed alike on both sides.
inline double Shape(int kind, double u, double half) {
  switch (kind) {
    case 1: return std::floor(u * 7);
    case 2: return 3.25;
    case 3: return half / (u * u + 1e-200);
    case 4: return u / (1 - u);
    case 5: return std::floor(u * 1000);
    case 6: return u < 0.3 ? 0 : u;
    case 7: return u * 1e-310;
    case 9: return u < 0.25 ? -0.0 : std::floor(u * 3);
    case 10: return static_cast<double>(static_cast<float>(u));
    default: return u;
  }
}

inline std::vector<double> Draw(int kind, std::uint64_t seed, int count, double shift, double missing) {
  Random random(seed);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double u = random.Uniform(), lost = random.Uniform();
    const double value = Shape(kind, u, lost < 0.5 ? -1 : 1) + (kind == 7 ? 0 : shift);
    values.push_back(lost < missing ? std::nan("") : value);
  }
  return values;
}

}  // namespace drift::testing

#endif  // TESTS_DRIFT_GOLDEN_DRAW_H_
