#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "server/shared_memory/device_memory.h"

namespace driftserve {

/// The calls of CUDA behind a DeviceMemory, which says what they do. Each throws as torch does. Thread-safe.
class IpcMemory {
 public:
  virtual ~IpcMemory() = default;
  /// `handle`: DeviceMemory::kHandleBytes of it.
  virtual DeviceRange Open(int device, const char* handle) = 0;
  virtual void Close(int device, uint64_t address) = 0;
  virtual void Read(int device, uint64_t address, uint64_t byte_size, char* to) = 0;
  virtual void Write(int device, uint64_t address, const char* from, uint64_t byte_size) = 0;
};

std::shared_ptr<DeviceMemory> MakeGpuMemory(std::unique_ptr<IpcMemory> calls, int device_count);

/// The memory of the machine's GPUs, as many as the loader of models counts. UNIMPLEMENTED, saying why, where there are
/// none.
absl::StatusOr<std::shared_ptr<DeviceMemory>> OpenGpuMemory(int device_count);

}  // namespace driftserve
