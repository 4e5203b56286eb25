#pragma once

// LibTorch's headers include this name for the runtime's declarations; what else CUDA's file has is for nvcc.
#include <cuda_runtime_api.h>
