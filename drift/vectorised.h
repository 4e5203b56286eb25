#ifndef DRIFT_VECTORISED_H_
#define DRIFT_VECTORISED_H_

#include <cstddef>

namespace drift {

// Four doubles computed with at once, lane by lane: the results are those of four scalars, bit by bit. A compiler
// keeps the order of a sum or a maximum that is written with one variable, and so cannot do this by itself.
using Four = double __attribute__((vector_size(32)));
inline constexpr std::size_t kFour = 4;

// Of memory that is aligned for doubles only.
using FourInMemory = double __attribute__((vector_size(32), aligned(8), may_alias));
inline const FourInMemory& Loaded(const double* from) { return *reinterpret_cast<const FourInMemory*>(from); }

inline void KeepLarger(const Four& value, Four& most) { most = most < value ? value : most; }
inline void KeepSmaller(const Four& value, Four& least) { least = value < least ? value : least; }

inline double Largest(const Four& values) {
  double most = values[0];
  for (std::size_t lane = 1; lane < kFour; ++lane) most = most < values[lane] ? values[lane] : most;
  return most;
}

inline double Sum(const Four& values) {
  double sum = 0;
  for (std::size_t lane = 0; lane < kFour; ++lane) sum += values[lane];
  return sum;
}

}  // namespace drift

// A function of such loops, compiled twice: for every processor, and for those with AVX2. Neither contracts a product
// and a sum. Sanitizers cannot choose a function while a program is loaded, so that only optimised builds do.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(DRIFT_VECTOR_CLONES)
#define DRIFT_VECTORISED __attribute__((target_clones("avx2", "default")))
#else
#define DRIFT_VECTORISED
#endif

#endif  // DRIFT_VECTORISED_H_
