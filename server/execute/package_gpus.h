#pragma once

#include <functional>
#include <memory>

#include <c10/core/Device.h>

#include "server/execute/torch_program.h"

namespace driftserve {

/// What the loader of packages asks of the machine's GPUs, each by its number.
struct PackageGpus {
  c10::DeviceType type = c10::DeviceType::CUDA;
  std::function<int()> count;
  std::function<absl::StatusOr<int>(int gpu)> compute_capability;
  std::function<int64_t(int gpu)> memory_faults;  // how often torch had no memory left on it
  NewRecorder new_recorder;
};

/// MakePackageLoader with GPUs that answer so. Runners are those that LibTorch registered for `cuda`.
std::unique_ptr<Loader> MakePackageLoader(PackageGpus gpus);

}  // namespace driftserve
