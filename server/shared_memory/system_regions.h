#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace driftserve {

/// What a client says of a region: `byte_size` bytes from `offset` of the POSIX shared memory object `key`.
struct RegionSettings {
  std::string name;
  std::string key;
  uint64_t offset = 0;
  uint64_t byte_size = 0;
};

/// One registered region, open for as long as somebody holds it.
///
/// It is read and written through its descriptor and never mapped. A mapping would make every access a matter of
/// trust: a client that shortens the object would end the server by SIGBUS, and one that writes while it is being read
/// could change a length after it was checked. Bytes are copied once, and what is checked is the copy.
///
/// Thread-safe.
class SystemRegion {
 public:
  /// Takes over `descriptor`.
  SystemRegion(RegionSettings settings, int descriptor, uint64_t device, uint64_t inode);
  ~SystemRegion();
  SystemRegion(const SystemRegion&) = delete;
  SystemRegion& operator=(const SystemRegion&) = delete;

  const RegionSettings& settings() const { return settings_; }

  /// Whether [offset, offset + byte_size) lies inside the region; no overflow.
  bool Holds(uint64_t offset, uint64_t byte_size) const;
  /// Whether two ranges, each inside its region, share a byte of the same object.
  bool Overlaps(uint64_t offset, uint64_t byte_size, const SystemRegion& other, uint64_t other_offset,
                uint64_t other_byte_size) const;

  /// REQUIRES: Holds. FAILED_PRECONDITION where the object is shorter than when it was registered.
  absl::Status Read(uint64_t offset, uint64_t byte_size, char* to) const;
  absl::Status Write(uint64_t offset, std::string_view bytes) const;

 private:
  const RegionSettings settings_;
  const int descriptor_;
  const uint64_t device_, inode_;  // which object it is, whatever it is called
};

/// The regions that clients have registered. Thread-safe.
///
/// Lifetime: a region stays open until it is unregistered and the last request that uses it has been answered.
class SystemRegions {
 public:
  static constexpr size_t kMostRegions = 1024;  // each holds a descriptor

  /// INVALID_ARGUMENT for a key that is not the name of a shared memory object, or a range beyond its end; NOT_FOUND
  /// where there is no such object; ALREADY_EXISTS for a name in use; RESOURCE_EXHAUSTED above kMostRegions.
  absl::Status Register(RegionSettings settings);

  /// `name` empty: all. Unknown names are no error: clients clean up before they start.
  void Unregister(std::string_view name);

  /// Null where there is none.
  std::shared_ptr<const SystemRegion> Find(std::string_view name) const;

  /// By name, ascending.
  std::vector<RegionSettings> List() const;

 private:
  mutable std::mutex mutex_;  // guards regions_
  std::map<std::string, std::shared_ptr<const SystemRegion>, std::less<>> regions_;
};

}  // namespace driftserve
