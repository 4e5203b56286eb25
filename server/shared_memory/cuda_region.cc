#include "server/shared_memory/cuda_region.h"

#include <utility>

#include "server/base/device_fault.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

absl::Status Wrong(const CudaRegionSettings& settings, const std::string& what) {
  return absl::InvalidArgumentError(Concat(RegionText(settings.name), ": ", what));
}

absl::Status CheckFields(const CudaRegionSettings& settings, int devices) {
  if (settings.raw_handle.size() != DeviceMemory::kHandleBytes) {
    return Wrong(settings, Concat("expected as raw_handle the ", DeviceMemory::kHandleBytes,
                                  " bytes of a cudaIpcMemHandle_t, as they are (not in base64), got ",
                                  settings.raw_handle.size(), " bytes"));
  }
  if (settings.device_id < 0 || settings.device_id >= devices) {
    return Wrong(settings, Concat("expected device_id of 0 to ", devices - 1, " (the server has ", devices,
                                  devices == 1 ? " GPU" : " GPUs", "), got ", settings.device_id));
  }
  if (settings.byte_size == 0) return Wrong(settings, "expected byte_size of at least 1, got 0");
  return absl::OkStatus();
}

}  // namespace

// Addresses are good for all GPUs: whatever they lie on, regions that share bytes share addresses.
CudaRegion::CudaRegion(CudaRegionSettings settings, std::shared_ptr<DeviceMemory> devices, uint64_t address)
    : SharedRegion(settings.name, settings.byte_size, "cuda", address),
      settings_(std::move(settings)),
      devices_(std::move(devices)) {}

CudaRegion::~CudaRegion() { devices_->Close(device(), begin()); }

absl::Status CudaRegion::Read(uint64_t offset, uint64_t byte_size, char* to) const {
  return Prefixed(RegionText(name()), devices_->Read(device(), begin() + offset, byte_size, to));
}

absl::Status CudaRegion::Write(uint64_t offset, std::string_view bytes) const {
  return Prefixed(RegionText(name()), devices_->Write(device(), begin() + offset, bytes));
}

absl::StatusOr<std::shared_ptr<const CudaRegion>> OpenCudaRegion(CudaRegionSettings settings,
                                                                 std::shared_ptr<DeviceMemory> devices) {
  if (absl::Status status = CheckFields(settings, devices->device_count()); !status.ok()) return status;
  const absl::StatusOr<DeviceRange> range = devices->Open(static_cast<int>(settings.device_id), settings.raw_handle);
  if (!range.ok()) return Prefixed(RegionText(settings.name), range.status());
  auto region = std::make_shared<const CudaRegion>(std::move(settings), std::move(devices), range->address);
  if (region->byte_size() <= range->byte_size) return region;
  return Wrong(region->settings(), Concat("expected byte_size of at most ", range->byte_size,
                                          ", which its allocation has, got ", region->byte_size()));
}

}  // namespace driftserve
