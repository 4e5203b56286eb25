#include "server/execute/package_stamps.h"

#include <optional>
#include <vector>

#include "server/base/text.h"
#include "server/execute/cpu_features.h"

namespace driftserve {
namespace {

constexpr int kFirstOfItsOwnFeatures = 90;

std::string Stamp(const PackageStamps& stamps, const std::string& key) {
  const auto found = stamps.find(key);
  return found == stamps.end() ? "" : found->second;
}

absl::Status CheckDevice(const std::string& compiled_for, DeviceKind device) {
  const bool on_gpu = device == DeviceKind::kGpu;
  if (compiled_for == (on_gpu ? "cuda" : "cpu")) return absl::OkStatus();
  if (compiled_for != "cpu" && compiled_for != "cuda") {
    return absl::InvalidArgumentError(Concat("expected a package for cpu or cuda, got one for `", compiled_for, "`"));
  }
  return absl::InvalidArgumentError(
      Concat("instance_group.kind: expected ", on_gpu ? "KIND_CPU" : "KIND_GPU", ", as the package was compiled for ",
             compiled_for, ", got instances on ", on_gpu ? "a GPU" : "the CPU",
             ": change it in config.pbtxt, or export the module on ", on_gpu ? "cuda" : "cpu",
             " and compile it again"));
}

std::string VersionText(int capability) { return Concat(capability / 10, ".", capability % 10); }

}  // namespace

absl::Status CheckStamps(const PackageStamps& stamps, DeviceKind device) {
  if (absl::Status status = CheckDevice(Stamp(stamps, "AOTI_DEVICE_KEY"), device); !status.ok()) return status;
#if defined(__x86_64__)
  const std::string machine = Stamp(stamps, "AOTI_MACHINE");
  if (machine != "x86_64") {
    return absl::InvalidArgumentError(Concat("expected native code for x86_64, got `", machine, "`"));
  }
#endif
  const std::string features = Stamp(stamps, "AOTI_CPU_ISA");
  const std::vector<std::string> missing = MissingCpuFeatures(features);
  if (missing.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat("it was compiled for a CPU with ", features, ", this machine's lacks ",
                                           Join(missing, ", "), ": compile it on the machine that serves it"));
}

absl::Status CheckComputeCapability(const PackageStamps& stamps, int device_index, int capability) {
  const std::string stamp = Stamp(stamps, "AOTI_COMPUTE_CAPABILITY");
  if (stamp.empty()) return absl::OkStatus();
  const std::optional<int> compiled = ParseWhole<int>(stamp);
  if (!compiled || *compiled < 10) {
    return absl::InvalidArgumentError(
        Concat("expected a compute capability of CUDA in its AOTI_COMPUTE_CAPABILITY, as 90, got `", stamp, "`"));
  }
  const bool same_major = *compiled / 10 == capability / 10;
  const bool runs = *compiled >= kFirstOfItsOwnFeatures ? *compiled == capability
                                                        : same_major && capability >= *compiled;
  if (runs) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat("it was compiled for a GPU of compute capability ", VersionText(*compiled),
                                           ", GPU ", device_index, " has ", VersionText(capability),
                                           ": compile it on the machine that serves it"));
}

}  // namespace driftserve
