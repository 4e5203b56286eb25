#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace driftserve::fakes {

/// Each returns the content of a TorchScript archive, made here and now. N: rows.

/// forward(features: FP32 [N,8]) → score FP32 [N,1]: 8→64→64→1 with relu, weights from a fixed seed, sigmoid at the
/// end.
std::string MakeMlp();

/// forward(image: FP32 [N,1,k,k]) → logits FP32 [N,4]: eight 3 × 3 kernels, relu, their means, a linear layer; weights
/// from a fixed seed.
std::string MakeImageClassifier();

/// An archive of torch's kind with these records, by their names.
using Records = std::map<std::string, std::string>;
std::string MakePackage(const Records& records);

/// forward(input: Tensor) → Tensor: the input itself.
std::string MakeIdentity();

/// forward(x) → x; raises "negative input" when any element is negative.
std::string MakeRaising();
/// y = x; says that memory ran out where the batch's sum is above 2.5.
std::string MakeHungry();

/// forward(x: FP32 [N,1]) → FP32 [N,1]: x plus how often the module has run, kept in a buffer of its own.
std::string MakeStateful();

/// forward(text: List[str]) → (lengths INT64 [N,1], upper List[str]).
std::string MakeStrings();

/// forward(a, b) → (a + b, a - b).
std::string MakeTwoOutputs();

/// forward(a, b) → {"sum": a + b, "difference": a - b}.
std::string MakeDictionary();

/// forward(x) → list of x, 2x, 3x.
std::string MakeList();

/// forward(x: FP32 [N,k]) → x after `rounds` products of 256×256 matrices (about 1 ms each on one core).
std::string MakeSlow(int rounds);

/// forward(x: FP32 [N,k]) → x, after as many such products as its largest element says.
std::string MakeSpinning();

/// forward(x) → x as FP64, whatever came.
std::string MakeDouble();

/// forward(x: Tensor, scale: Optional[Tensor]) → x · scale and half of it; or x and None.
std::string MakeOptional();

/// forward(x) → x plus 1, written into x itself.
std::string MakeInPlace();

/// forward(x) → 2x; writes to its state in a branch that only training takes.
std::string MakeTrainingOnlyState();

/// forward(x, k: int) → x · k: an argument that cannot be served.
std::string MakeIntArgument();

/// forward(x) → x, after asking for more memory than there is when x is positive.
std::string MakeHuge();

/// forward(x: FP32 [N,k]) → x, with 4 MiB of weights.
std::string MakeHeavy();

/// forward(x) → x, after using `bytes` of memory.
std::string MakeGreedy(int64_t bytes);

/// forward(x) never returns.
std::string MakeHanging();

/// A module without forward().
std::string MakeWithoutForward();

}  // namespace driftserve::fakes
