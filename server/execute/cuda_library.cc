#include "server/execute/cuda_library.h"

#include <dlfcn.h>

#include "server/base/text.h"
#include "server/execute/beside_program.h"

namespace driftserve {
namespace {

constexpr char kLibrary[] = "libdriftserve_cuda.so";

absl::StatusOr<void*> Open() {
  void* const library = OpenBesideProgram(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  const char* const why = dlerror();
  return absl::UnimplementedError(Concat(kLibrary, ": ", why == nullptr ? "it is not beside the program" : why));
}

absl::StatusOr<void*> Find(const char* function) {
  static const absl::StatusOr<void*> library = Open();
  if (!library.ok()) return library.status();
  void* const found = dlsym(*library, function);
  if (found == nullptr) return absl::UnimplementedError(Concat(kLibrary, ": it is another version's"));
  return found;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunRecorder>> NewCudaRecorder() {
  const absl::StatusOr<void*> make = Find("driftserve_new_cuda_recorder");
  if (!make.ok()) return make.status();
  return std::unique_ptr<RunRecorder>(reinterpret_cast<RunRecorder* (*)()>(*make)());
}

absl::StatusOr<std::unique_ptr<IpcMemory>> NewCudaIpcMemory() {
  const absl::StatusOr<void*> make = Find("driftserve_new_cuda_memory");
  if (!make.ok()) return make.status();
  return std::unique_ptr<IpcMemory>(reinterpret_cast<IpcMemory* (*)()>(*make)());
}

absl::StatusOr<int> CudaComputeCapability(int device_index) {
  const absl::StatusOr<void*> ask = Find("driftserve_cuda_compute_capability");
  if (!ask.ok()) return ask.status();
  const int answer = reinterpret_cast<int (*)(int)>(*ask)(device_index);
  if (answer > 0) return answer;
  return absl::InternalError(Concat("the compute capability of GPU ", device_index, ": CUDA's error ", -answer));
}

}  // namespace driftserve
