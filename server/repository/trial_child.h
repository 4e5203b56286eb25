#pragma once

#include "server/execute/executor.h"

namespace driftserve {

/// The child's side of ChildTrial: tries what comes over descriptor kChildSocket until that closes. Returns the exit
/// code of the process, which is to do nothing else.
///
/// The process is bounded: what a trial allocates by RLIMIT_DATA, above what the process had before (virtual address
/// space says nothing, as libraries map far more than they use); its stack to half of what a thread of the server
/// has, so that code too deep to be loaded fails here and not there; and where memory runs out all the same, the
/// kernel takes this process first. It ends with the thread that started it and leaves no core file.
int RunTrialChild(Loader& loader);

}  // namespace driftserve
