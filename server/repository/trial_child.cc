#include "server/repository/trial_child.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>

#include "driftserve/trial/trial.pb.h"
#include "server/base/text.h"
#include "server/repository/child_process.h"
#include "server/repository/model_settings.h"
#include "server/repository/trial.h"
#include "server/repository/trial_channel.h"

namespace driftserve {
namespace {

void SetSoftLimit(int resource, rlim_t value) {
  rlimit limit;
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return;
  limit.rlim_cur = std::min(value, limit.rlim_max);
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

rlim_t ServerStackBytes() {
  pthread_attr_t attributes;
  size_t bytes = size_t{8} << 20;
  if (pthread_getattr_default_np(&attributes) != 0) return bytes;
  pthread_attr_getstacksize(&attributes, &bytes);
  pthread_attr_destroy(&attributes);
  return bytes;
}

void BoundProcess() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  SetSoftLimit(RLIMIT_CORE, 0);
  SetSoftLimit(RLIMIT_STACK, ServerStackBytes() / 2);
  std::ofstream("/proc/self/oom_score_adj") << 1000;
  // Compiled packages read past their inputs where config.pbtxt has them smaller, unless they are told to look.
  setenv("AOTI_RUNTIME_CHECK_INPUTS", "1", 1);
}

// Writable private memory of this process, as RLIMIT_DATA counts it.
rlim_t DataBytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  rlim_t kilobytes = 0;
  while (status >> word) {
    if (word == "VmData:" && status >> kilobytes) break;
  }
  return kilobytes << 10;
}

/// Holds while a trial runs.
class MemoryLimit {
 public:
  explicit MemoryLimit(int64_t bytes) { SetSoftLimit(RLIMIT_DATA, DataBytes() + static_cast<rlim_t>(bytes)); }
  ~MemoryLimit() { SetSoftLimit(RLIMIT_DATA, RLIM_INFINITY); }
};

void Tell(const std::string& stage) {
  trial::Reply reply;
  reply.set_stage(stage);
  SendMessage(kChildSocket, reply);
}

absl::Status ReadSignature(Loader& loader, const trial::Request& request, const std::string& bytes,
                           trial::Reply& reply) {
  Tell("loading");
  const absl::StatusOr<ModuleSignature> signature = loader.Signature(request.file(), bytes);
  if (!signature.ok()) return signature.status();
  for (const std::string& name : signature->argument_names) reply.add_argument_names(name);
  for (const std::string& type : signature->argument_types) reply.add_argument_types(type);
  for (const std::string& type : signature->result_types) reply.add_result_types(type);
  return absl::OkStatus();
}

absl::Status Answer(Loader& loader, const trial::Request& request, trial::Reply& reply) {
  const MemoryLimit limit(request.memory_bytes());
  auto bytes = std::make_shared<std::string>(request.model_bytes(), '\0');
  if (!ReadWhole(kChildSharedMemory, *bytes)) {
    return absl::UnavailableError(Concat(request.file(), ": the trial's shared memory cannot be read"));
  }
  if (request.signature_only()) return ReadSignature(loader, request, *bytes, reply);
  const absl::StatusOr<ModelSettings> settings =
      MakeSettings({request.file(), request.config(), nullptr}, request.config().name(), nullptr,
                   loader.DeviceCount(DeviceKind::kGpu));
  if (!settings.ok()) return settings.status();
  LoadRequest load = MakeLoadRequest(*settings, request.file(), std::move(bytes));
  load.unpack_folder = request.unpack_folder();
  return RunTrial(loader, load, *settings, Tell);
}

}  // namespace

int RunTrialChild(Loader& loader) {
  BoundProcess();
  trial::Request request;
  while (ReceiveMessage(kChildSocket, request)) {
    trial::Reply reply;
    absl::Status status;
    try {
      status = Answer(loader, request, reply);
    } catch (const std::bad_alloc&) {
      status = absl::ResourceExhaustedError(Concat(request.file(), ": memory ran out in the trial"));
    }
    reply.set_code(static_cast<int>(status.code()));
    reply.set_message(std::string(status.message()));
    SendMessage(kChildSocket, reply);
  }
  return 0;
}

}  // namespace driftserve
