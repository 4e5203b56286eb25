#pragma once

#include <memory>

#include "server/execute/executor.h"

namespace driftserve {

/// The loader for AOTInductor packages (.pt2), whose native code runs in this process from its load on: that they may
/// be served at all is the caller's to decide. A package is refused, with what to change, where it was compiled for
/// another device than the instances', for features that this machine's CPU lacks, or for another GPU.
///
/// Compiled code does not check its inputs unless AOTI_RUNTIME_CHECK_INPUTS is 1 in the environment when it runs
/// first, as in a trial's process: config.pbtxt that does not fit the package is found there.
std::unique_ptr<Loader> MakePackageLoader();

}  // namespace driftserve
