#include "server/shared_memory/shared_regions.h"

#include <utility>

#include "server/base/text.h"

namespace driftserve {
namespace {

absl::Status CheckName(const std::string& name) {
  if (!name.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("shared memory: expected a name for the region, got none");
}

template <typename Settings, typename Regions>
std::vector<Settings> SettingsOf(const Regions& regions) {
  std::vector<Settings> list;
  for (const auto& [name, region] : regions) list.push_back(region->settings());
  return list;
}

}  // namespace

SharedRegions::SharedRegions(absl::StatusOr<std::shared_ptr<DeviceMemory>> devices) : devices_(std::move(devices)) {}

absl::Status SharedRegions::RegisterSystem(SystemRegionSettings settings) {
  if (absl::Status status = CheckName(settings.name); !status.ok()) return status;
  return Add(OpenSystemRegion(std::move(settings)), system_);
}

absl::Status SharedRegions::RegisterCuda(CudaRegionSettings settings) {
  if (!devices_.ok()) {
    return absl::UnimplementedError(Concat("this server takes no CUDA shared memory: ", devices_.status().message(),
                                           "; send tensors in raw_input_contents"));
  }
  if (absl::Status status = CheckName(settings.name); !status.ok()) return status;
  return Add(OpenCudaRegion(std::move(settings), *devices_), cuda_);
}

template <typename Region>
absl::Status SharedRegions::Add(absl::StatusOr<std::shared_ptr<const Region>> region, ByName<Region>& regions) {
  if (!region.ok()) return region.status();
  const std::string& name = (*region)->name();
  const std::lock_guard lock(mutex_);
  if (system_.contains(name) || cuda_.contains(name)) {
    return absl::AlreadyExistsError(Concat(RegionText(name), " is registered already, as ",
                                           system_.contains(name) ? "system" : "CUDA",
                                           " shared memory; unregister it first"));
  }
  if (system_.size() + cuda_.size() >= kMostRegions) {
    return absl::ResourceExhaustedError(
        Concat("the server holds ", kMostRegions, " shared memory regions; unregister those not used any more"));
  }
  regions.emplace(name, *std::move(region));
  return absl::OkStatus();
}

void SharedRegions::UnregisterSystem(std::string_view name) { Remove(name, system_); }

void SharedRegions::UnregisterCuda(std::string_view name) { Remove(name, cuda_); }

template <typename Region>
void SharedRegions::Remove(std::string_view name, ByName<Region>& regions) {
  ByName<Region> removed;  // closed when nobody waits for the lock: a GPU may take its time
  const std::lock_guard lock(mutex_);
  if (name.empty()) {
    removed.swap(regions);
  } else if (const auto found = regions.find(name); found != regions.end()) {
    removed.insert(regions.extract(found));
  }
}

std::shared_ptr<const SharedRegion> SharedRegions::Find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = system_.find(name); found != system_.end()) return found->second;
  const auto found = cuda_.find(name);
  return found == cuda_.end() ? nullptr : found->second;
}

std::vector<SystemRegionSettings> SharedRegions::ListSystem() const {
  const std::lock_guard lock(mutex_);
  return SettingsOf<SystemRegionSettings>(system_);
}

std::vector<CudaRegionSettings> SharedRegions::ListCuda() const {
  const std::lock_guard lock(mutex_);
  return SettingsOf<CudaRegionSettings>(cuda_);
}

}  // namespace driftserve
