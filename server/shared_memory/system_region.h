#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/shared_memory/shared_region.h"

namespace driftserve {

/// What a client says of a region: `byte_size` bytes from `offset` of the POSIX shared memory object `key`.
struct SystemRegionSettings {
  std::string name;
  std::string key;
  uint64_t offset = 0;
  uint64_t byte_size = 0;
};

/// A region of this machine's memory.
///
/// It is read and written through its descriptor and never mapped: a client that shortens a mapped object would end the
/// server by SIGBUS. Read and Write: FAILED_PRECONDITION where the object is shorter than when it was registered.
class SystemRegion final : public SharedRegion {
 public:
  /// Takes over `descriptor` of the object that has this device and inode.
  SystemRegion(SystemRegionSettings settings, int descriptor, uint64_t device, uint64_t inode);
  ~SystemRegion() override;

  const SystemRegionSettings& settings() const { return settings_; }

  absl::Status Read(uint64_t offset, uint64_t byte_size, char* to) const override;
  absl::Status Write(uint64_t offset, std::string_view bytes) const override;

 private:
  const SystemRegionSettings settings_;
  const int descriptor_;
};

/// INVALID_ARGUMENT for a key that is not the name of a shared memory object, or a range beyond its end; NOT_FOUND
/// where there is no such object; PERMISSION_DENIED where it is another user's.
absl::StatusOr<std::shared_ptr<const SystemRegion>> OpenSystemRegion(SystemRegionSettings settings);

}  // namespace driftserve
