#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/execute/executor.h"

namespace driftserve {

/// One argument of a module's forward(), self left out. `type` in TorchScript's spelling.
struct ForwardArgument {
  std::string name;
  std::string type;
  bool has_default = false;
};

/// What forward() returns: one value, a tuple or list of values by position, or a dictionary by name.
struct ForwardResult {
  enum class Kind { kSingle, kSequence, kDictionary };
  Kind kind = Kind::kSingle;
  std::vector<std::string> types;  // of a tuple's elements, or the one; empty for a list, whose length is not known
  std::vector<std::string> names;  // of a NamedTuple's elements
};

/// For each argument of forward(), the index of the input that feeds it, or −1 where its default or None does.
/// Inputs are matched, in this order: by name, when every input is called like an argument; by number, when every
/// name ends in __<number>, as in INPUT__0; by order, when none is called like an argument.
/// INVALID_ARGUMENT lists every input without an argument, argument without an input, and type that does not fit.
absl::StatusOr<std::vector<int>> BindArguments(const std::vector<ForwardArgument>& arguments,
                                               const std::vector<TensorSpec>& inputs);

/// For each configured output, its position in the result (for a dictionary 0, it is looked up by name), by the same
/// rules. INVALID_ARGUMENT as above.
absl::StatusOr<std::vector<int>> BindResults(const ForwardResult& result, const std::vector<TensorSpec>& outputs);

}  // namespace driftserve
