#ifndef DRIFT_REDUCTION_H_
#define DRIFT_REDUCTION_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "drift/dtype.h"
#include "drift/gaussian_directions.h"
#include "drift/value.h"

namespace drift {

// How one row of a wide tensor (an image, an embedding, a sequence, logits) becomes one number. x: the elements of
// the row, row-major, as double; n of them are finite.
enum class Reduction : std::uint8_t {
  kNone,         // not reduced: one element of the row
  kMean,         // Σx/n
  kStd,          // √(Σ(x − mean)²/n): of the population, as numpy.std
  kMin,          // the smallest x
  kMax,          // the largest x
  kL2Norm,       // √Σx²
  kZeroRatio,    // elements equal to zero, over n
  kLength,       // all elements, finite or not; of a row of texts their bytes together
  kEntropy,      // −Σ p ln p, in nats. Where no x is negative and |Σx − 1| ≤ 0.005 (what BF16 rounds a distribution
                 // to), the row is a distribution and p = x/Σx; else it is logits and p = exp(x − max)/Σexp(x − max)
  kTop1,         // the largest x, under the name that scores and probabilities go by
  kArgmax,       // the place of the first largest x in the row, from 0; categorical
  kProjections,  // Σ g x/√n with fixed Gaussian directions g: the variance of x where x are independent and centred
};
std::string_view Name(Reduction reduction);  // "mean", "l2_norm", …, "projections"

struct ReduceSpec {
  Reduction reduction = Reduction::kNone;
  int projections = 0;     // kProjections: how many directions, 1 to 64 …
  std::uint64_t seed = 0;  // … from which seed …
  int projection = 0;      // … and which of them this one is, from 0
};

// What a reduced value is stored and compared as: INT64 of an argmax, else FP64.
Dtype DtypeOf(const ReduceSpec& spec);

// "mean of image", "projection 3 of embedding, seed 1": equal texts are equal numbers, so that a reference can say
// what it was made of.
std::string Describe(const ReduceSpec& spec, std::string_view tensor);

// Reduces rows, with the directions of the projections kept from row to row. Elements that are not finite (and nulls,
// given as NaN) are left out, but count for a length and keep their place for an argmax. Missing: a row without a
// finite element, but for its length; a result beyond the range of double.
//
// The same elements give the same bits, wherever they came from: sums are taken in one fixed order, and nothing is
// fused or reassociated. (Entropy uses the C library's exp and log, and is the same to their last digit.) O(elements)
// per call, without allocation but where a projection meets its first row, or a longer one. Single-threaded.
class Reducer {
 public:
  // REQUIRES: spec.reduction is not kNone.
  Value Reduce(const ReduceSpec& spec, std::span<const double> row);

  // kLength of texts; `bytes` has the size of each, NaN for one that is null.
  static Value LengthOfTexts(std::span<const double> bytes);

 private:
  GaussianDirections directions_;
};

}  // namespace drift

#endif  // DRIFT_REDUCTION_H_
