#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <string>

namespace driftserve {

/// A POSIX shared memory object of its own name, as a client would make it; removed with this.
class SharedObject {
 public:
  explicit SharedObject(size_t byte_size) {
    static std::atomic<int> count{0};
    key_ = "/driftserve-test-" + std::to_string(getpid()) + "-" + std::to_string(++count);
    descriptor_ = shm_open(key_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    Resize(byte_size);
  }
  ~SharedObject() {
    close(descriptor_);
    shm_unlink(key_.c_str());
  }
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;

  const std::string& key() const { return key_; }
  bool Resize(size_t byte_size) { return ftruncate(descriptor_, static_cast<off_t>(byte_size)) == 0; }
  bool Put(size_t offset, const void* bytes, size_t count) {
    return pwrite(descriptor_, bytes, count, static_cast<off_t>(offset)) == static_cast<ssize_t>(count);
  }
  bool Get(size_t offset, void* bytes, size_t count) const {
    return pread(descriptor_, bytes, count, static_cast<off_t>(offset)) == static_cast<ssize_t>(count);
  }

 private:
  std::string key_;
  int descriptor_;
};

}  // namespace driftserve
