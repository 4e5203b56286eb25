// A CUDA driver and as much of its runtime as LibTorch needs to move bytes, on a machine without a GPU: two GPUs of
// compute capability 9.0 whose memory is the host's, where what is queued is done at once and kernels do not run. It
// goes before the runtime of the wheel (LD_PRELOAD), and is the driver's library by its name. With LibTorch's own code
// for CUDA on top it shows that calls are made and where bytes go; nothing of their order on a device, nor of speed.
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

namespace {

constexpr int kGpus = 2;
constexpr size_t kMemory = size_t{80} << 30;

thread_local int current = 0;
thread_local cudaStream_t recording = nullptr;
std::atomic<uintptr_t> handles{0x1000};

template <typename Handle>
cudaError_t MakeHandle(Handle* handle) {
  *handle = reinterpret_cast<Handle>(handles += 0x10);
  return cudaSuccess;
}

cudaError_t Allocate(void** memory, size_t bytes) {
  *memory = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  return *memory == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

// Memory of a GPU is a file, which another process may open by the process that has it and its descriptor.
struct Range {
  int process, file;
  size_t bytes;
};
std::mutex ranges_mutex;  // guards ranges
std::map<char*, Range> ranges;

cudaError_t Map(void** memory, const Range& range) {
  *memory = mmap(nullptr, range.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, range.file, 0);
  if (*memory == MAP_FAILED) return cudaErrorMemoryAllocation;
  const std::lock_guard lock(ranges_mutex);
  ranges[static_cast<char*>(*memory)] = range;
  return cudaSuccess;
}

cudaError_t Unmap(void* memory) {
  const std::lock_guard lock(ranges_mutex);
  const auto found = ranges.find(static_cast<char*>(memory));
  if (found == ranges.end()) return memory == nullptr ? cudaSuccess : cudaErrorInvalidValue;
  munmap(memory, found->second.bytes);
  close(found->second.file);
  ranges.erase(found);
  return cudaSuccess;
}

int AddressRange(uintptr_t* base, size_t* bytes, uintptr_t address) {
  const std::lock_guard lock(ranges_mutex);
  auto after = ranges.upper_bound(reinterpret_cast<char*>(address));
  if (after == ranges.begin()) return 1;
  --after;
  *base = reinterpret_cast<uintptr_t>(after->first);
  *bytes = after->second.bytes;
  return 0;
}

cudaStreamCaptureStatus StatusOf(cudaStream_t stream) {
  const bool recorded = recording != nullptr && stream == recording;
  return recorded ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
}

}  // namespace

extern "C" {

// The server looks for the driver's device.
int access(const char* path, int mode) {
  if (std::strcmp(path, "/dev/nvidiactl") == 0) return 0;
  static const auto real = reinterpret_cast<int (*)(const char*, int)>(dlsym(RTLD_NEXT, "access"));
  return real(path, mode);
}

cudaError_t cudaGetDeviceCount(int* count) { return *count = kGpus, cudaSuccess; }
cudaError_t cudaGetDevice(int* gpu) { return *gpu = current, cudaSuccess; }
cudaError_t cudaSetDevice(int gpu) {
  if (gpu < 0 || gpu >= kGpus) return cudaErrorInvalidDevice;
  return current = gpu, cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  *value = attribute == cudaDevAttrComputeCapabilityMajor ? 9 : 0;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  properties->major = 9;
  properties->multiProcessorCount = 1;
  properties->warpSize = 32;
  properties->totalGlobalMem = kMemory;
  return cudaSuccess;
}
cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) { return *can = 0, cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaPeekAtLastError() { return cudaSuccess; }

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return *least = 0, *greatest = -5, cudaSuccess;
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) { return MakeHandle(stream); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return MakeHandle(stream); }
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamQuery(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }

cudaError_t cudaEventCreate(cudaEvent_t* event) { return MakeHandle(event); }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return MakeHandle(event); }
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaEventRecordWithFlags(cudaEvent_t, cudaStream_t, unsigned) { return cudaSuccess; }
cudaError_t cudaEventQuery(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t) { return cudaSuccess; }

cudaError_t cudaMalloc(void** memory, size_t bytes) {
  const int file = memfd_create("fake GPU", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, static_cast<off_t>(bytes)) != 0) return cudaErrorMemoryAllocation;
  return Map(memory, {getpid(), file, bytes});
}
cudaError_t cudaFree(void* memory) { return Unmap(memory); }
cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t* handle, void* memory) {
  const std::lock_guard lock(ranges_mutex);
  const auto found = ranges.find(static_cast<char*>(memory));
  if (found == ranges.end()) return cudaErrorInvalidValue;
  *handle = {};
  std::memcpy(handle, &found->second, sizeof(Range));
  return cudaSuccess;
}
cudaError_t cudaIpcOpenMemHandle(void** memory, cudaIpcMemHandle_t handle, unsigned) {
  Range range;
  std::memcpy(&range, &handle, sizeof(range));
  range.file = open(("/proc/" + std::to_string(range.process) + "/fd/" + std::to_string(range.file)).c_str(),
                    O_RDWR | O_CLOEXEC);
  return range.file < 0 ? cudaErrorInvalidValue : Map(memory, range);
}
cudaError_t cudaIpcCloseMemHandle(void* memory) { return Unmap(memory); }
cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned version,
                                             unsigned long long flags, cudaDriverEntryPointQueryResult* found) {
  static const auto real = reinterpret_cast<decltype(&cudaGetDriverEntryPointByVersion)>(
      dlsym(RTLD_NEXT, "cudaGetDriverEntryPointByVersion"));
  if (std::strcmp(name, "cuMemGetAddressRange") != 0) return real(name, function, version, flags, found);
  *function = reinterpret_cast<void*>(&AddressRange);
  if (found != nullptr) *found = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned) { return Allocate(memory, bytes); }
cudaError_t cudaFreeHost(void* memory) { return std::free(memory), cudaSuccess; }
cudaError_t cudaMemGetInfo(size_t* available, size_t* total) { return *available = *total = kMemory, cudaSuccess; }
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void*) {
  *attributes = {};
  attributes->type = cudaMemoryTypeHost;
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
  return std::memcpy(to, from, bytes), cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t) {
  return std::memcpy(to, from, bytes), cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t) {
  return std::memset(memory, value, bytes), cudaSuccess;
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode*) { return cudaSuccess; }
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  return *status = StatusOf(stream), cudaSuccess;
}
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id,
                                     cudaGraph_t*, const cudaGraphNode_t**, const cudaGraphEdgeData**, size_t*) {
  if (id != nullptr) *id = 1;
  return *status = StatusOf(stream), cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  return recording = stream, cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) { return recording = nullptr, MakeHandle(graph); }
cudaError_t cudaGraphGetNodes(cudaGraph_t, cudaGraphNode_t*, size_t* count) { return *count = 1, cudaSuccess; }
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* run, cudaGraph_t, unsigned long long) {
  return MakeHandle(run);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaGraphDestroy(cudaGraph_t) { return cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t) { return cudaSuccess; }

// The driver's, as far as LibTorch takes the names of them.
int cuDevicePrimaryCtxGetState(int, unsigned* flags, int* active) { return *flags = 0, *active = 1, 0; }
#define NOT_CALLED(name) \
  int name() { return 999; }
NOT_CALLED(cuCtxGetCurrent)
NOT_CALLED(cuCtxSetCurrent)
NOT_CALLED(cuDeviceGet)
NOT_CALLED(cuDeviceGetAttribute)
NOT_CALLED(cuDevicePrimaryCtxRetain)
NOT_CALLED(cuFuncGetAttribute)
NOT_CALLED(cuFuncSetAttribute)
NOT_CALLED(cuFuncSetCacheConfig)
NOT_CALLED(cuGetErrorString)
NOT_CALLED(cuLaunchCooperativeKernel)
NOT_CALLED(cuLaunchKernel)
NOT_CALLED(cuLinkAddData_v2)
NOT_CALLED(cuLinkComplete)
NOT_CALLED(cuLinkCreate_v2)
NOT_CALLED(cuModuleGetFunction)
NOT_CALLED(cuModuleLoad)
NOT_CALLED(cuModuleLoadData)
NOT_CALLED(cuModuleLoadDataEx)
NOT_CALLED(cuModuleUnload)
NOT_CALLED(cuOccupancyMaxActiveBlocksPerMultiprocessor)
NOT_CALLED(cuPointerGetAttribute)
NOT_CALLED(cuTensorMapEncodeTiled)

}  // extern "C"
