#pragma once

#include <memory>

#include "server/execute/executor.h"

namespace driftserve {

/// The loader for AOTInductor packages (.pt2), whose native code runs in this process from its load on: that they may
/// be served at all is the caller's to decide. On CPU. A package is refused, with what is missing, where it was
/// compiled for features that this machine's CPU lacks.
///
/// Compiled code does not check its inputs unless AOTI_RUNTIME_CHECK_INPUTS is 1 in the environment when it runs
/// first, as in a trial's process: config.pbtxt that does not fit the package is found there.
std::unique_ptr<Loader> MakePackageLoader();

}  // namespace driftserve
