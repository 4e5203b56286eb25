// With cuda_device.cc and cuda_memory.cc all that is compiled against CUDA's headers. They become a library of their
// own, which the server opens where LibTorch's library for CUDA is loaded and a model on a GPU, or a client, wants it.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/StreamGuard.h>

#include "server/execute/run_recorder.h"

namespace driftserve {
namespace {

class CudaGraph final : public RecordedRun {
 public:
  void Replay() override { graph.replay(); }

  at::cuda::CUDAGraph graph;
};

// After a recording that failed: the driver's error is not the next call's, and the allocator must know that it is
// over, or it would go on giving this stream the graph's memory.
void Forget(c10::MempoolId_t pool) {
  cudaGetLastError();
  try {
    c10::cuda::CUDACachingAllocator::endAllocateToPool(c10::cuda::current_device(), pool);
  } catch (const std::exception&) {
    // It knew.
  }
}

// Records on a stream that nobody else has: those of torch's pool come round again, and whatever another thread queued
// on this one meanwhile would become part of the graph instead of running.
class CudaRecorder final : public RunRecorder {
 public:
  ~CudaRecorder() override {
    if (stream_ != nullptr) cudaStreamDestroy(stream_);
  }

  std::unique_ptr<RecordedRun> Record(const std::function<void()>& work) override {
    if (stream_ == nullptr) C10_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    const c10::StreamGuard on(c10::cuda::getStreamFromExternal(stream_, c10::cuda::current_device()));
    auto recorded = std::make_unique<CudaGraph>();
    // Of this thread alone: others load models and allocate meanwhile.
    recorded->graph.capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      EndFailed(recorded->graph);
      throw;
    }
    try {
      recorded->graph.capture_end();
    } catch (...) {
      Forget(pool_);
      throw;
    }
    return recorded;
  }

 private:
  void EndFailed(at::cuda::CUDAGraph& graph) const {
    try {
      graph.capture_end();
    } catch (const std::exception&) {
      Forget(pool_);
    }
  }

  const c10::MempoolId_t pool_ = at::cuda::graph_pool_handle();
  cudaStream_t stream_ = nullptr;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) RunRecorder* driftserve_new_cuda_recorder() {
  return new CudaRecorder();
}

}  // namespace driftserve
