#pragma once

#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "server/base/text.h"
#include "server/shared_memory/device_memory.h"

namespace driftserve {

/// Two GPUs whose memory is on the heap. What a client does there (Allocate, Put, Get) and what the server does may be
/// done by different threads.
class FakeDeviceMemory final : public DeviceMemory {
 public:
  /// As a client: `byte_size` zeros, and the handle that opens them.
  std::string Allocate(size_t byte_size) {
    const std::lock_guard lock(mutex_);
    std::string handle = Concat("handle ", allocations_.size());
    handle.resize(kHandleBytes, '\0');
    allocations_[handle].assign(byte_size, '\0');
    return handle;
  }
  void Put(const std::string& handle, size_t offset, const void* bytes, size_t count) {
    const std::lock_guard lock(mutex_);
    std::memcpy(allocations_.at(handle).data() + offset, bytes, count);
  }
  void Get(const std::string& handle, size_t offset, void* bytes, size_t count) const {
    const std::lock_guard lock(mutex_);
    std::memcpy(bytes, allocations_.at(handle).data() + offset, count);
  }
  /// How often allocations are open at this moment.
  int open() const {
    const std::lock_guard lock(mutex_);
    return open_;
  }
  /// What every copy answers from now on.
  void FailCopies(absl::Status status) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(status);
  }

  int device_count() const override { return 2; }

  absl::StatusOr<DeviceRange> Open(int, std::string_view handle) override {
    const std::lock_guard lock(mutex_);
    const auto found = allocations_.find(std::string(handle));
    if (found == allocations_.end()) return absl::InvalidArgumentError("CUDA error: invalid argument");
    ++open_;
    return DeviceRange{reinterpret_cast<uint64_t>(found->second.data()), found->second.size()};
  }
  void Close(int, uint64_t) override {
    const std::lock_guard lock(mutex_);
    --open_;
  }
  absl::Status Read(int, uint64_t address, uint64_t byte_size, char* to) override {
    const std::lock_guard lock(mutex_);
    if (failure_.ok()) std::memcpy(to, reinterpret_cast<const char*>(address), byte_size);
    return failure_;
  }
  absl::Status Write(int, uint64_t address, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    if (failure_.ok()) std::memcpy(reinterpret_cast<char*>(address), bytes.data(), bytes.size());
    return failure_;
  }

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::string> allocations_;
  int open_ = 0;
  absl::Status failure_;
};

}  // namespace driftserve
