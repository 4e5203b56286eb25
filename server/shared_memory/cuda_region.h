#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/shared_memory/device_memory.h"
#include "server/shared_memory/shared_region.h"

namespace driftserve {

/// What a client says of a region: the first `byte_size` bytes of the allocation on GPU `device_id` whose handle, as
/// cudaIpcGetMemHandle writes it, is `raw_handle`.
struct CudaRegionSettings {
  std::string name;
  std::string raw_handle;
  int64_t device_id = 0;
  uint64_t byte_size = 0;
};

/// A region of a GPU's memory.
class CudaRegion final : public SharedRegion {
 public:
  /// Takes over what `devices` opened at `address`.
  CudaRegion(CudaRegionSettings settings, std::shared_ptr<DeviceMemory> devices, uint64_t address);
  ~CudaRegion() override;

  const CudaRegionSettings& settings() const { return settings_; }

  /// As DeviceMemory.
  absl::Status Read(uint64_t offset, uint64_t byte_size, char* to) const override;
  absl::Status Write(uint64_t offset, std::string_view bytes) const override;

 private:
  int device() const { return static_cast<int>(settings_.device_id); }

  const CudaRegionSettings settings_;
  const std::shared_ptr<DeviceMemory> devices_;
};

/// INVALID_ARGUMENT, naming the field, for a handle of another size or one that CUDA does not open, a GPU that there is
/// not, no bytes, or more than were allocated.
absl::StatusOr<std::shared_ptr<const CudaRegion>> OpenCudaRegion(CudaRegionSettings settings,
                                                                 std::shared_ptr<DeviceMemory> devices);

}  // namespace driftserve
