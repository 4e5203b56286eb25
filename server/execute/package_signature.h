#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/execute/argument_binding.h"

namespace driftserve {

struct PackageSignature {
  std::vector<ForwardArgument> arguments;
  ForwardResult result;
};

/// What an AOTInductor package says of its forward(): `inputs` and `outputs` are its two "call specs", trees of Python
/// containers in JSON. Positional arguments have no names; a dictionary's results are named by its keys.
/// INVALID_ARGUMENT for containers within containers, and for what is no such spec.
absl::StatusOr<PackageSignature> ParseCallSpec(const std::string& inputs, const std::string& outputs);

}  // namespace driftserve
