// Of the library that cuda_graph.cc describes: memory that other processes allocated.
#include <c10/cuda/CUDAGuard.h>
#include <cuda.h>

#include <cstring>
#include <map>
#include <mutex>

#include "server/execute/gpu_memory.h"

namespace driftserve {
namespace {

void* Pointer(uint64_t address) { return reinterpret_cast<void*>(address); }

// How many bytes there are from `memory` on. The runtime does not say; the driver, whose library is not linked, does.
uint64_t BytesFrom(void* memory) {
  constexpr unsigned kVersion = 12000;  // of the driver's interface
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found = cudaDriverEntryPointSymbolNotFound;
  C10_CUDA_CHECK(
      cudaGetDriverEntryPointByVersion("cuMemGetAddressRange", &function, kVersion, cudaEnableDefault, &found));
  TORCH_CHECK(function != nullptr, "CUDA error: the driver does not say how large an allocation is");
  const auto get_range = reinterpret_cast<decltype(&cuMemGetAddressRange)>(function);
  const auto address = reinterpret_cast<CUdeviceptr>(memory);
  CUdeviceptr base = 0;
  size_t size = 0;
  const CUresult result = get_range(&base, &size, address);
  TORCH_CHECK(result == CUDA_SUCCESS, "CUDA error: cuMemGetAddressRange answers ", static_cast<int>(result));
  return base + size - address;
}

// The device of a call is the current one, so that a thread does not make a context on the first GPU by passing.
class CudaIpcMemory final : public IpcMemory {
 public:
  ~CudaIpcMemory() override {
    for (const auto& [device, stream] : streams_) cudaStreamDestroy(stream);
  }

  DeviceRange Open(int device, const char* handle) override {
    const c10::cuda::CUDAGuard on(static_cast<c10::DeviceIndex>(device));
    cudaIpcMemHandle_t copy;
    static_assert(sizeof(copy) == DeviceMemory::kHandleBytes);
    std::memcpy(&copy, handle, sizeof(copy));
    void* memory = nullptr;
    C10_CUDA_CHECK(cudaIpcOpenMemHandle(&memory, copy, cudaIpcMemLazyEnablePeerAccess));
    try {
      return {reinterpret_cast<uint64_t>(memory), BytesFrom(memory)};
    } catch (...) {
      cudaIpcCloseMemHandle(memory);
      throw;
    }
  }

  void Close(int device, uint64_t address) override {
    const c10::cuda::CUDAGuard on(static_cast<c10::DeviceIndex>(device));
    C10_CUDA_CHECK(cudaIpcCloseMemHandle(Pointer(address)));
  }

  void Read(int device, uint64_t address, uint64_t byte_size, char* to) override {
    Copy(device, to, Pointer(address), byte_size, cudaMemcpyDeviceToHost);
  }

  void Write(int device, uint64_t address, const char* from, uint64_t byte_size) override {
    Copy(device, Pointer(address), from, byte_size, cudaMemcpyHostToDevice);
  }

 private:
  void Copy(int device, void* to, const void* from, uint64_t byte_size, cudaMemcpyKind kind) {
    const c10::cuda::CUDAGuard on(static_cast<c10::DeviceIndex>(device));
    const cudaStream_t stream = StreamOf(device);
    C10_CUDA_CHECK(cudaMemcpyAsync(to, from, byte_size, kind, stream));
    C10_CUDA_CHECK(cudaStreamSynchronize(stream));
  }

  // One of its own: on the default stream a copy would wait for the models that run there, and they for it.
  cudaStream_t StreamOf(int device) {
    const std::lock_guard lock(mutex_);
    cudaStream_t& stream = streams_[device];
    if (stream == nullptr) C10_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
  }

  std::mutex mutex_;  // guards streams_
  std::map<int, cudaStream_t> streams_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) IpcMemory* driftserve_new_cuda_memory() {
  return new CudaIpcMemory();
}

}  // namespace driftserve
