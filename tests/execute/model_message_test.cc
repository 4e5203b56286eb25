#include "server/execute/model_message.h"

#include "gtest/gtest.h"
#include "server/base/device_fault.h"

namespace driftserve {
namespace {

TEST(ModelMessage, DropsTheTracebackBeforeTheMessage) {
  EXPECT_EQ(ModelMessage("The following operation failed in the TorchScript interpreter.\n"
                         "Traceback of TorchScript, serialized code (most recent call last):\n"
                         "  File \"code/__torch__.py\", line 8, in forward\n"
                         "    _0 = torch.add(x, y)\n"
                         "         ~~~~~~~~~ <--- HERE\n"
                         "\n"
                         "Traceback of TorchScript, original code (most recent call last):\n"
                         "  File \"train.py\", line 3, in forward\n"
                         "    return x + y\n"
                         "           ~~~~~ <--- HERE\n"
                         "RuntimeError: The size of tensor a (3) must match the size of tensor b (4)\n"),
            "RuntimeError: The size of tensor a (3) must match the size of tensor b (4)");
}

TEST(ModelMessage, KeepsEveryLineOfTheModelsOwnMessage) {
  EXPECT_EQ(ModelMessage("The following operation failed in the TorchScript interpreter.\n"
                         "Traceback of TorchScript (most recent call last):\n"
                         "  File \"m.py\", line 1, in forward\n"
                         "    raise ValueError(\"a\")\n"
                         "    ~~~~~ <--- HERE\n"
                         "builtins.ValueError: first line\n  second line\n"),
            "ValueError: first line\n  second line");
}

TEST(ModelMessage, IsNotFooledBySourceThatIsNotIndented) {
  EXPECT_EQ(ModelMessage("The following operation failed in the TorchScript interpreter.\n"
                         "Traceback of TorchScript (most recent call last):\n"
                         "def forward(self, x: Tensor) -> Tensor:\n"
                         "    assert bool(x), \"no x\"\n"
                         "    ~~~~~~~~~~~~~~~~~~~~~~ <--- HERE\n"
                         "y: Tensor = x\n"
                         "RuntimeError: AssertionError: no x\n"),
            "AssertionError: no x");
}

TEST(ModelMessage, DropsTheNativeStack) {
  EXPECT_EQ(ModelMessage("no memory\nException raised from alloc at Allocator.cpp:3\nframe #0: …"), "no memory");
}

TEST(ModelMessage, IsNeverEmptyAndNeverEndless) {
  EXPECT_EQ(ModelMessage(""), "the model raised an exception without a message");
  EXPECT_LE(ModelMessage(std::string(100'000, 'x')).size(), 2100u);
}

TEST(ModelMessage, KnowsThatMemoryRanOut) {
  EXPECT_TRUE(
      SaysOutOfMemory("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"));
  EXPECT_FALSE(SaysOutOfMemory("RuntimeError: negative input"));
}

TEST(ModelMessage, KnowsADeviceThatFailedForGoodFromACallThatWasWrong) {
  EXPECT_TRUE(SaysDeviceFault("CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be …"));
  EXPECT_TRUE(SaysDeviceFault("m: CUDA error: device-side assert triggered"));
  EXPECT_FALSE(SaysDeviceFault("CUDA error: invalid configuration argument"));
  EXPECT_FALSE(SaysDeviceFault("CUDA out of memory. Tried to allocate 2.00 GiB"));
  EXPECT_FALSE(SaysDeviceFault("RuntimeError: unspecified launch failure")) << "a model's own words";
}

TEST(WithDeviceFault, OnlyWhatNoProcessSurvivesIsOne) {
  EXPECT_TRUE(WithDeviceFault(absl::OkStatus()).ok());
  EXPECT_TRUE(IsDeviceFault(WithDeviceFault(absl::InternalError("CUDA error: misaligned address"))));
  const absl::Status memory = WithDeviceFault(absl::ResourceExhaustedError("CUDA out of memory"));
  EXPECT_EQ(memory.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(IsDeviceFault(memory));
}

}  // namespace
}  // namespace driftserve
