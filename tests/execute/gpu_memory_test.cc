#include "server/execute/gpu_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "server/base/device_fault.h"

namespace driftserve {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Throws what it is told to, as torch does; else does nothing.
class FailingCalls final : public IpcMemory {
 public:
  explicit FailingCalls(std::string error) : error_(std::move(error)) {}
  DeviceRange Open(int, const char*) override {
    Throw();
    return {4096, 64};
  }
  void Close(int, uint64_t) override { Throw(); }
  void Read(int, uint64_t, uint64_t, char*) override { Throw(); }
  void Write(int, uint64_t, const char*, uint64_t) override { Throw(); }

 private:
  void Throw() const {
    if (!error_.empty()) throw std::runtime_error(error_);
  }

  const std::string error_;
};

std::shared_ptr<DeviceMemory> Failing(const std::string& error) {
  return MakeGpuMemory(std::make_unique<FailingCalls>(error), 1);
}

const std::string kHandle(DeviceMemory::kHandleBytes, 'h');

TEST(GpuMemory, PassesOnWhatCudaAnswers) {
  const auto memory = Failing("");
  EXPECT_EQ(memory->device_count(), 1);
  const auto range = memory->Open(0, kHandle);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->address, 4096u);
  EXPECT_EQ(range->byte_size, 64u);
  char byte;
  EXPECT_TRUE(memory->Read(0, 4096, 1, &byte).ok());
  EXPECT_TRUE(memory->Write(0, 4096, "a").ok());
}

TEST(GpuMemory, WhatIsThrownBecomesAStatusOfOneLine) {
  const auto memory = Failing("CUDA error: invalid argument\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1");
  const absl::Status opened = memory->Open(0, kHandle).status();
  EXPECT_EQ(opened.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(opened.message()),
              AllOf(HasSubstr("raw_handle"), HasSubstr("device_id 0: CUDA error: invalid argument"),
                    Not(HasSubstr("debugging"))));
  char byte;
  EXPECT_EQ(memory->Read(0, 4096, 1, &byte).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(memory->Write(0, 4096, "a").code(), absl::StatusCode::kInternal);
  EXPECT_FALSE(IsDeviceFault(memory->Write(0, 4096, "a")));
  memory->Close(0, 4096);
}

TEST(GpuMemory, AnErrorAfterWhichCudaGivesUpIsADeviceFault) {
  const auto memory = Failing("CUDA error: an illegal memory access was encountered\nmore");
  char byte;
  EXPECT_TRUE(IsDeviceFault(memory->Read(0, 4096, 1, &byte)));
  EXPECT_TRUE(IsDeviceFault(memory->Write(0, 4096, "a")));
  EXPECT_TRUE(IsDeviceFault(memory->Open(0, kHandle).status()));
}

TEST(GpuMemory, WithoutAGpuNothingIsLoaded) {
  const auto memory = OpenGpuMemory(0);
  EXPECT_EQ(memory.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(memory.status().message()), HasSubstr("no GPU"));
}

}  // namespace
}  // namespace driftserve
