// Part of libdriftserve_cuda.so (cuda_graph.cc).
#include <cuda_runtime_api.h>

// Negative: CUDA's error.
extern "C" __attribute__((visibility("default"))) int driftserve_cuda_compute_capability(int device) {
  int major = 0, minor = 0;
  cudaError_t error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  return error == cudaSuccess ? major * 10 + minor : -static_cast<int>(error);
}
