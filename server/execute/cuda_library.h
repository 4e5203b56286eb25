#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "server/execute/gpu_memory.h"
#include "server/execute/run_recorder.h"

namespace driftserve {

// What libdriftserve_cuda.so does, the one library that was compiled against CUDA's headers. Each is UNIMPLEMENTED
// where it is not beside the program, or LibTorch's own for CUDA is not there.

/// A recorder by CUDA graphs.
absl::StatusOr<std::unique_ptr<RunRecorder>> NewCudaRecorder();

/// Memory that other processes allocated on GPUs.
absl::StatusOr<std::unique_ptr<IpcMemory>> NewCudaIpcMemory();

/// Of a GPU, by its number in this process: major version times ten plus the minor one. INTERNAL with CUDA's number
/// when CUDA refuses.
absl::StatusOr<int> CudaComputeCapability(int device_index);

}  // namespace driftserve
