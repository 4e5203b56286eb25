#include "server/execute/package_stamps.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace driftserve {
namespace {

using ::testing::HasSubstr;

PackageStamps For(const std::string& device) {
  return {{"AOTI_DEVICE_KEY", device}, {"AOTI_MACHINE", "x86_64"}, {"AOTI_CPU_ISA", "NONE"}};
}

std::string Fault(const PackageStamps& stamps, DeviceKind device) {
  const absl::Status status = CheckStamps(stamps, device);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(PackageStampsTest, ADeviceIsTheInstances) {
  EXPECT_THAT(Fault(For("cuda"), DeviceKind::kCpu),
              HasSubstr("instance_group.kind: expected KIND_GPU, as the package was compiled for cuda, got "
                        "instances on the CPU: change it in config.pbtxt, or export the module on cpu"));
  EXPECT_THAT(Fault(For("cpu"), DeviceKind::kGpu),
              HasSubstr("instance_group.kind: expected KIND_CPU, as the package was compiled for cpu, got "
                        "instances on a GPU: change it in config.pbtxt, or export the module on cuda"));
  EXPECT_THAT(Fault(For("xpu"), DeviceKind::kGpu), HasSubstr("expected a package for cpu or cuda, got one for `xpu`"));
  EXPECT_THAT(Fault({}, DeviceKind::kCpu), HasSubstr("expected a package for cpu or cuda, got one for ``"));
}

#if defined(__x86_64__)
TEST(PackageStampsTest, TheCpuIsLookedAtForAGpusPackageToo) {
  EXPECT_TRUE(CheckStamps(For("cpu"), DeviceKind::kCpu).ok());
  EXPECT_TRUE(CheckStamps(For("cuda"), DeviceKind::kGpu).ok());
  for (const auto& [name, kind] : {std::pair("cpu", DeviceKind::kCpu), std::pair("cuda", DeviceKind::kGpu)}) {
    PackageStamps stamps = For(name);
    stamps["AOTI_CPU_ISA"] = "AVX9";
    EXPECT_THAT(Fault(stamps, kind), HasSubstr("compiled for a CPU with AVX9, this machine's lacks AVX9"));
    stamps["AOTI_MACHINE"] = "aarch64";
    EXPECT_THAT(Fault(stamps, kind), HasSubstr("expected native code for x86_64, got `aarch64`"));
  }
}
#endif

absl::Status OnGpuOf(int capability, const std::string& compiled_for) {
  return CheckComputeCapability({{"AOTI_COMPUTE_CAPABILITY", compiled_for}}, 1, capability);
}

TEST(PackageStampsTest, KernelsRunWithinAMajorVersionFromTheirMinorOneOn) {
  EXPECT_TRUE(OnGpuOf(80, "80").ok());
  EXPECT_TRUE(OnGpuOf(86, "80").ok());
  EXPECT_FALSE(OnGpuOf(80, "86").ok());
  EXPECT_FALSE(OnGpuOf(90, "80").ok());
  EXPECT_FALSE(OnGpuOf(75, "80").ok());
  EXPECT_THAT(std::string(OnGpuOf(90, "86").message()),
              HasSubstr("compiled for a GPU of compute capability 8.6, GPU 1 has 9.0: compile it on the machine"));
}

TEST(PackageStampsTest, FromNineOnKernelsRunOnTheirOwnVersionAlone) {
  EXPECT_TRUE(OnGpuOf(90, "90").ok());
  EXPECT_TRUE(OnGpuOf(103, "103").ok());
  EXPECT_THAT(std::string(OnGpuOf(103, "100").message()), HasSubstr("capability 10.0, GPU 1 has 10.3"));
}

TEST(PackageStampsTest, NoCapabilityIsNoneAndOtherTextIsRefused) {
  EXPECT_TRUE(OnGpuOf(90, "").ok());
  EXPECT_TRUE(CheckComputeCapability({}, 0, 90).ok());
  for (const char* const text : {"gfx90a", "9", "-90", "9.0"}) {
    EXPECT_THAT(std::string(OnGpuOf(90, text).message()), HasSubstr("expected a compute capability of CUDA")) << text;
  }
}

}  // namespace
}  // namespace driftserve
