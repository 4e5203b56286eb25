#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace driftserve {

/// Memory of a GPU, from an address that is good for all GPUs of the process.
struct DeviceRange {
  uint64_t address = 0;
  uint64_t byte_size = 0;  // from there to the end of what was allocated
};

/// What other processes allocated on the GPUs of this machine. A copy is done when its call returns.
///
/// Errors: DeviceFault() when a device failed for good, else as each call says, in the device's words.
/// Thread-safe.
class DeviceMemory {
 public:
  /// Of a handle, as cudaIpcGetMemHandle writes it.
  static constexpr size_t kHandleBytes = 64;

  virtual ~DeviceMemory() = default;

  virtual int device_count() const = 0;

  /// Opens the allocation behind `handle` for `device`. INVALID_ARGUMENT where that is refused.
  /// REQUIRES: a device below device_count(), kHandleBytes of handle.
  virtual absl::StatusOr<DeviceRange> Open(int device, std::string_view handle) = 0;
  /// Once for each Open, when nothing is read or written there any more.
  virtual void Close(int device, uint64_t address) = 0;

  /// INTERNAL where the copy failed.
  virtual absl::Status Read(int device, uint64_t address, uint64_t byte_size, char* to) = 0;
  virtual absl::Status Write(int device, uint64_t address, std::string_view bytes) = 0;
};

}  // namespace driftserve
