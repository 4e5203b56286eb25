#pragma once

#include <memory>

#include "server/execute/executor.h"

namespace driftserve {

/// The loader for TorchScript archives, on CPU and, where torch's CUDA libraries can be loaded, on GPU.
/// Call once, before any other torch work: sets the process-wide executor options.
std::unique_ptr<Loader> MakeTorchScriptLoader();

}  // namespace driftserve
