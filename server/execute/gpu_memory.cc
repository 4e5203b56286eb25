#include "server/execute/gpu_memory.h"

#include <exception>
#include <string>
#include <utility>

#include "server/base/text.h"
#include "server/execute/cuda_library.h"
#include "server/execute/model_message.h"

namespace driftserve {
namespace {

/// What `call` throws becomes a status, of its first line: the others are advice for whoever wrote the kernel.
template <typename Call>
absl::Status Try(absl::StatusCode code, std::string_view what, Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    const std::string message = ModelMessage(error.what());
    return WithDeviceFault(absl::Status(code, Concat(what, ": ", message.substr(0, message.find('\n')))));
  }
  return absl::OkStatus();
}

class GpuMemory final : public DeviceMemory {
 public:
  GpuMemory(std::unique_ptr<IpcMemory> calls, int device_count)
      : calls_(std::move(calls)), device_count_(device_count) {}

  int device_count() const override { return device_count_; }

  absl::StatusOr<DeviceRange> Open(int device, std::string_view handle) override {
    DeviceRange range;
    const absl::Status status =
        Try(absl::StatusCode::kInvalidArgument,
            Concat("expected as raw_handle that of memory which another process holds, and CUDA cannot open it on "
                   "device_id ",
                   device),
            [&] { range = calls_->Open(device, handle.data()); });
    if (!status.ok()) return status;
    return range;
  }

  void Close(int device, uint64_t address) override {
    // After a device fault it fails, and the process is ending.
    Try(absl::StatusCode::kInternal, "", [&] { calls_->Close(device, address); }).IgnoreError();
  }

  absl::Status Read(int device, uint64_t address, uint64_t byte_size, char* to) override {
    return Try(absl::StatusCode::kInternal, Concat("cannot read from GPU ", device),
               [&] { calls_->Read(device, address, byte_size, to); });
  }

  absl::Status Write(int device, uint64_t address, std::string_view bytes) override {
    return Try(absl::StatusCode::kInternal, Concat("cannot write to GPU ", device),
               [&] { calls_->Write(device, address, bytes.data(), bytes.size()); });
  }

 private:
  const std::unique_ptr<IpcMemory> calls_;
  const int device_count_;
};

}  // namespace

std::shared_ptr<DeviceMemory> MakeGpuMemory(std::unique_ptr<IpcMemory> calls, int device_count) {
  return std::make_shared<GpuMemory>(std::move(calls), device_count);
}

absl::StatusOr<std::shared_ptr<DeviceMemory>> OpenGpuMemory(int device_count) {
  if (device_count == 0) return absl::UnimplementedError("LibTorch finds no GPU here");
  absl::StatusOr<std::unique_ptr<IpcMemory>> calls = NewCudaIpcMemory();
  if (!calls.ok()) return calls.status();
  return MakeGpuMemory(*std::move(calls), device_count);
}

}  // namespace driftserve
