#include <dlfcn.h>

#include "server/base/text.h"
#include "server/execute/beside_program.h"
#include "server/execute/run_recorder.h"

namespace driftserve {

absl::StatusOr<std::unique_ptr<RunRecorder>> NewCudaRecorder() {
  constexpr char kLibrary[] = "libdriftserve_cuda.so";
  static void* const library = OpenBesideProgram(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = dlerror();
    return absl::UnimplementedError(Concat(kLibrary, ": ", why == nullptr ? "it is not beside the program" : why));
  }
  using Maker = RunRecorder* (*)();
  const auto make = reinterpret_cast<Maker>(dlsym(library, "driftserve_new_cuda_recorder"));
  if (make == nullptr) return absl::UnimplementedError(Concat(kLibrary, ": it is another version's"));
  return std::unique_ptr<RunRecorder>(make());
}

}  // namespace driftserve
