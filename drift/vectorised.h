#ifndef DRIFT_VECTORISED_H_
#define DRIFT_VECTORISED_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace drift {

// Four doubles computed with at once, lane by lane: the results are those of four scalars, bit by bit. A compiler
// keeps the order of a sum or a maximum that is written with one variable, and so cannot do this by itself.
using Four = double __attribute__((vector_size(32)));
inline constexpr std::size_t kFour = 4;

// Of memory that is aligned for doubles only.
using FourInMemory = double __attribute__((vector_size(32), aligned(8), may_alias));
inline const FourInMemory& Loaded(const double* from) { return *reinterpret_cast<const FourInMemory*>(from); }

inline void Store(const Four& values, double* into) { *reinterpret_cast<FourInMemory*>(into) = values; }

using FourIntegers = std::int64_t __attribute__((vector_size(32)));
using FourIntegersInMemory = std::int64_t __attribute__((vector_size(32), aligned(8), may_alias));
inline const FourIntegersInMemory& LoadedIntegers(const std::uint64_t* from) {
  return *reinterpret_cast<const FourIntegersInMemory*>(from);
}

using PairInMemory = double __attribute__((vector_size(16), aligned(8), may_alias));
using PairOfIntegers = std::int64_t __attribute__((vector_size(16)));
inline const PairInMemory& LoadedPair(const double* from) { return *reinterpret_cast<const PairInMemory*>(from); }

// Of numbers from 0 to 2⁵² − 1, for which few processors have an instruction: as the fraction of a double from 2⁵² on.
inline void ToDoubles(const FourIntegers& numbers, Four& doubles) {
  constexpr double kBase = 0x1p52;
  doubles = reinterpret_cast<Four>(numbers | std::bit_cast<std::int64_t>(kBase)) - kBase;
}

inline void KeepLarger(const Four& value, Four& most) { most = most < value ? value : most; }
inline void KeepSmaller(const Four& value, Four& least) { least = value < least ? value : least; }

inline double Largest(const Four& values) {
  double most = values[0];
  for (std::size_t lane = 1; lane < kFour; ++lane) most = most < values[lane] ? values[lane] : most;
  return most;
}

inline double Sum(const Four& values) { return (values[0] + values[2]) + (values[1] + values[3]); }

// The four sums, in place: of a, b, c and d, each added up as Sum() does.
inline void SumEach(const Four& a, const Four& b, const Four& c, const Four& d, Four& sums) {
  const Four ac = __builtin_shuffle(a, c, FourIntegers{0, 1, 4, 5}) + __builtin_shuffle(a, c, FourIntegers{2, 3, 6, 7});
  const Four bd = __builtin_shuffle(b, d, FourIntegers{0, 1, 4, 5}) + __builtin_shuffle(b, d, FourIntegers{2, 3, 6, 7});
  sums = __builtin_shuffle(ac, bd, FourIntegers{0, 4, 2, 6}) + __builtin_shuffle(ac, bd, FourIntegers{1, 5, 3, 7});
}

// columns[i]: the numbers i of a, b, c and d.
inline void Transpose(const Four& a, const Four& b, const Four& c, const Four& d, Four (&columns)[kFour]) {
  const Four ab = __builtin_shuffle(a, b, FourIntegers{0, 4, 2, 6});
  const Four cd = __builtin_shuffle(c, d, FourIntegers{0, 4, 2, 6});
  const Four ab_odd = __builtin_shuffle(a, b, FourIntegers{1, 5, 3, 7});
  const Four cd_odd = __builtin_shuffle(c, d, FourIntegers{1, 5, 3, 7});
  columns[0] = __builtin_shuffle(ab, cd, FourIntegers{0, 1, 4, 5});
  columns[1] = __builtin_shuffle(ab_odd, cd_odd, FourIntegers{0, 1, 4, 5});
  columns[2] = __builtin_shuffle(ab, cd, FourIntegers{2, 3, 6, 7});
  columns[3] = __builtin_shuffle(ab_odd, cd_odd, FourIntegers{2, 3, 6, 7});
}

// Σ a b. Four sums, so that one addition does not wait for the one before.
inline double Product(const double* a, const double* b, std::size_t size) {
  Four sums = {};
  std::size_t i = 0;
  for (; i + kFour <= size; i += kFour) sums += Loaded(a + i) * Loaded(b + i);
  double sum = Sum(sums);
  for (; i < size; ++i) sum += a[i] * b[i];
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
