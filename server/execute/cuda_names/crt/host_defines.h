#pragma once

// The words that nvcc gives a meaning and CUDA's headers use, without one: what a host's compiler needs to read the
// declarations of the runtime's functions. The file of this name comes with nvcc, not with the runtime's headers.

#define __host__
#define __device__
#define __global__
#define __constant__
#define __shared__
#define __managed__
#define __device_builtin__
#define __cudart_builtin__
#define __builtin_align__(bytes) __attribute__((aligned(bytes)))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define CUDARTAPI
#define CUDART_CB
