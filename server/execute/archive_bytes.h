#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include <caffe2/serialize/read_adapter_interface.h>

namespace driftserve {

/// Lets torch read an archive where it lies in memory.
class BytesReader : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit BytesReader(const std::string& bytes) : bytes_(bytes) {}
  size_t size() const override { return bytes_.size(); }
  size_t read(uint64_t position, void* buffer, size_t count, const char*) const override {
    if (position >= bytes_.size()) return 0;
    count = std::min(count, bytes_.size() - static_cast<size_t>(position));
    std::memcpy(buffer, bytes_.data() + position, count);
    return count;
  }

 private:
  const std::string& bytes_;
};

}  // namespace driftserve
