#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace driftserve {

/// Memory of a client's that it registered under a name, open for as long as somebody holds it.
///
/// Bytes are copied out and in, each once, and never used where they lie: the client may write while they are read, and
/// what was checked must be what is used.
///
/// Thread-safe.
class SharedRegion {
 public:
  virtual ~SharedRegion() = default;
  SharedRegion(const SharedRegion&) = delete;
  SharedRegion& operator=(const SharedRegion&) = delete;

  const std::string& name() const { return name_; }
  uint64_t byte_size() const { return byte_size_; }

  /// Whether [offset, offset + byte_size) lies inside the region; no overflow.
  bool Holds(uint64_t offset, uint64_t byte_size) const;
  /// Whether two ranges, each inside its region, share a byte, whatever their regions are called.
  bool Overlaps(uint64_t offset, uint64_t byte_size, const SharedRegion& other, uint64_t other_offset,
                uint64_t other_byte_size) const;

  /// REQUIRES: Holds. An error names the region; a DeviceFault() of a GPU's stays one.
  virtual absl::Status Read(uint64_t offset, uint64_t byte_size, char* to) const = 0;
  virtual absl::Status Write(uint64_t offset, std::string_view bytes) const = 0;

 protected:
  /// `object`: which memory it lies in, whatever that is called, from `begin` on.
  SharedRegion(std::string name, uint64_t byte_size, std::string object, uint64_t begin);

  uint64_t begin() const { return begin_; }

 private:
  const std::string name_;
  const uint64_t byte_size_;
  const std::string object_;
  const uint64_t begin_;
};

/// "shared memory region 'r'", for messages.
std::string RegionText(std::string_view name);

}  // namespace driftserve
