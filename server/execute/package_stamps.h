#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "server/execute/executor.h"

namespace driftserve {

/// What AOTInductor stamps into a package when it compiles it, by key.
using PackageStamps = std::map<std::string, std::string>;

/// Whether the code can run on this machine's CPU, which calls a GPU's kernels too, and was made for the device of the
/// instances. INVALID_ARGUMENT says what was expected, got, and is to be changed.
absl::Status CheckStamps(const PackageStamps& stamps, DeviceKind device);

/// Whether kernels compiled on a GPU of the stamped compute capability (90 for 9.0; no stamp: any) run on one of
/// `capability`, by the CUDA C++ Programming Guide, "Binary Compatibility": within a major version, from its own minor
/// version on. From 9.0 on Triton compiles for what that one version alone has. INVALID_ARGUMENT as above.
absl::Status CheckComputeCapability(const PackageStamps& stamps, int device_index, int capability);

}  // namespace driftserve
