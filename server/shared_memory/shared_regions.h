#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/shared_memory/cuda_region.h"
#include "server/shared_memory/system_region.h"

namespace driftserve {

/// The regions that clients have registered, of either kind; a name is given once over both. Thread-safe.
///
/// Lifetime: a region stays open until it is unregistered and the last request that uses it has been answered.
class SharedRegions {
 public:
  static constexpr size_t kMostRegions = 1024;  // each holds a descriptor, or a mapping on a GPU

  /// `devices`: or why there are none, as RegisterCuda then says.
  explicit SharedRegions(absl::StatusOr<std::shared_ptr<DeviceMemory>> devices = absl::UnimplementedError("no GPU"));

  bool has_devices() const { return devices_.ok(); }

  /// Errors of OpenSystemRegion and OpenCudaRegion; INVALID_ARGUMENT without a name; ALREADY_EXISTS for a name in use;
  /// RESOURCE_EXHAUSTED above kMostRegions.
  absl::Status RegisterSystem(SystemRegionSettings settings);
  absl::Status RegisterCuda(CudaRegionSettings settings);

  /// `name` empty: all of that kind. Names that are unknown, or of the other kind, are no error: clients clean up
  /// before they start.
  void UnregisterSystem(std::string_view name);
  void UnregisterCuda(std::string_view name);

  /// Null where there is none.
  std::shared_ptr<const SharedRegion> Find(std::string_view name) const;

  /// By name, ascending.
  std::vector<SystemRegionSettings> ListSystem() const;
  std::vector<CudaRegionSettings> ListCuda() const;

 private:
  template <typename Region>
  using ByName = std::map<std::string, std::shared_ptr<const Region>, std::less<>>;

  template <typename Region>
  absl::Status Add(absl::StatusOr<std::shared_ptr<const Region>> region, ByName<Region>& regions);
  template <typename Region>
  void Remove(std::string_view name, ByName<Region>& regions);

  const absl::StatusOr<std::shared_ptr<DeviceMemory>> devices_;
  mutable std::mutex mutex_;  // guards system_ and cuda_
  ByName<SystemRegion> system_;
  ByName<CudaRegion> cuda_;
};

}  // namespace driftserve
