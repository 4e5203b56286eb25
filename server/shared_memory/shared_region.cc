#include "server/shared_memory/shared_region.h"

#include <utility>

#include "server/base/text.h"

namespace driftserve {

SharedRegion::SharedRegion(std::string name, uint64_t byte_size, std::string object, uint64_t begin)
    : name_(std::move(name)), byte_size_(byte_size), object_(std::move(object)), begin_(begin) {}

bool SharedRegion::Holds(uint64_t offset, uint64_t byte_size) const {
  return offset <= byte_size_ && byte_size <= byte_size_ - offset;
}

bool SharedRegion::Overlaps(uint64_t offset, uint64_t byte_size, const SharedRegion& other, uint64_t other_offset,
                            uint64_t other_byte_size) const {
  if (object_ != other.object_) return false;
  const uint64_t first = begin_ + offset;
  const uint64_t other_first = other.begin_ + other_offset;
  return first < other_first + other_byte_size && other_first < first + byte_size;
}

std::string RegionText(std::string_view name) { return Concat("shared memory region '", name, "'"); }

}  // namespace driftserve
