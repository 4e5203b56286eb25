#include "server/shared_memory/cuda_region.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "server/base/device_fault.h"
#include "server/shared_memory/shared_regions.h"
#include "tests/fakes/fake_device_memory.h"
#include "tests/fakes/shared_object.h"

namespace driftserve {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

std::string Message(const absl::Status& status) { return std::string(status.message()); }

class CudaRegionTest : public testing::Test {
 protected:
  void ExpectRefused(CudaRegionSettings settings, const std::string& expected, const std::string& got) {
    const absl::Status status = regions_.RegisterCuda(std::move(settings));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(Message(status), AllOf(HasSubstr("'r'"), HasSubstr(expected), HasSubstr(got)));
    EXPECT_EQ(devices_->open(), 0) << "nothing is left open";
    EXPECT_EQ(regions_.Find("r"), nullptr);
  }

  const std::shared_ptr<FakeDeviceMemory> devices_ = std::make_shared<FakeDeviceMemory>();
  const std::string handle_ = devices_->Allocate(64);
  SharedRegions regions_{devices_};
};

TEST_F(CudaRegionTest, ReadsAndWritesWhatTheClientSees) {
  ASSERT_TRUE(regions_.RegisterCuda({"r", handle_, 1, 32}).ok());
  const auto region = regions_.Find("r");
  ASSERT_NE(region, nullptr);
  devices_->Put(handle_, 4, "abcd", 4);
  char read[4];
  ASSERT_TRUE(region->Read(4, 4, read).ok());
  EXPECT_EQ(std::string(read, 4), "abcd");
  ASSERT_TRUE(region->Write(8, "wxyz").ok());
  devices_->Get(handle_, 8, read, 4);
  EXPECT_EQ(std::string(read, 4), "wxyz");
}

TEST_F(CudaRegionTest, EachWrongFieldIsNamedWithWhatWasExpectedAndGot) {
  ExpectRefused({"r", "", 0, 8}, "raw_handle the 64 bytes", "got 0 bytes");
  ExpectRefused({"r", std::string(88, 'A'), 0, 8}, "not in base64", "got 88 bytes");
  ExpectRefused({"r", handle_, -1, 8}, "device_id of 0 to 1 (the server has 2 GPUs)", "got -1");
  ExpectRefused({"r", handle_, 2, 8}, "device_id of 0 to 1", "got 2");
  ExpectRefused({"r", handle_, int64_t{1} << 32, 8}, "device_id of 0 to 1", "got 4294967296");
  ExpectRefused({"r", handle_, 0, 0}, "byte_size of at least 1", "got 0");
  ExpectRefused({"r", handle_, 0, 65}, "byte_size of at most 64", "got 65");
  ExpectRefused({"r", handle_, 0, kMost}, "byte_size of at most 64", "got 18446744073709551615");
  ExpectRefused({"r", std::string(64, 'x'), 0, 8}, "CUDA error: invalid argument", "");
  EXPECT_EQ(regions_.RegisterCuda({"", handle_, 0, 8}).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CudaRegionTest, RangesAreCheckedWithoutOverflow) {
  ASSERT_TRUE(regions_.RegisterCuda({"r", handle_, 0, 16}).ok());
  const auto region = regions_.Find("r");
  EXPECT_TRUE(region->Holds(0, 16));
  EXPECT_TRUE(region->Holds(16, 0));
  EXPECT_FALSE(region->Holds(1, 16)) << "the allocation goes on, the region does not";
  EXPECT_FALSE(region->Holds(kMost, 2));
  EXPECT_FALSE(region->Holds(2, kMost));
}

TEST_F(CudaRegionTest, ANameIsGivenOnceOverBothKinds) {
  SharedObject object(8);
  ASSERT_TRUE(regions_.RegisterCuda({"gpu", handle_, 0, 8}).ok());
  ASSERT_TRUE(regions_.RegisterSystem({"host", object.key(), 0, 8}).ok());
  for (const char* name : {"gpu", "host"}) {
    EXPECT_EQ(regions_.RegisterCuda({name, handle_, 0, 8}).code(), absl::StatusCode::kAlreadyExists) << name;
    EXPECT_EQ(regions_.RegisterSystem({name, object.key(), 0, 8}).code(), absl::StatusCode::kAlreadyExists) << name;
  }
  EXPECT_THAT(Message(regions_.RegisterSystem({"gpu", object.key(), 0, 8})), HasSubstr("as CUDA shared memory"));
  EXPECT_EQ(devices_->open(), 1) << "those refused are closed again";
}

TEST_F(CudaRegionTest, UnregisteringLeavesTheOtherKindAlone) {
  SharedObject object(8);
  ASSERT_TRUE(regions_.RegisterSystem({"host", object.key(), 0, 8}).ok());
  for (const char* name : {"b", "a", "c"}) ASSERT_TRUE(regions_.RegisterCuda({name, handle_, 0, 8}).ok());
  ASSERT_EQ(regions_.ListCuda().size(), 3u);
  EXPECT_EQ(regions_.ListCuda()[0].name, "a");
  regions_.UnregisterCuda("host");
  regions_.UnregisterSystem("a");
  regions_.UnregisterCuda("no such");
  regions_.UnregisterCuda("b");
  EXPECT_EQ(regions_.ListCuda().size(), 2u);
  EXPECT_EQ(devices_->open(), 2);
  regions_.UnregisterSystem("");
  EXPECT_EQ(regions_.ListCuda().size(), 2u);
  EXPECT_TRUE(regions_.ListSystem().empty());
  regions_.UnregisterCuda("");
  EXPECT_TRUE(regions_.ListCuda().empty());
  EXPECT_EQ(devices_->open(), 0);
}

TEST_F(CudaRegionTest, OneInUseStaysOpenUntilItsLastUser) {
  ASSERT_TRUE(regions_.RegisterCuda({"r", handle_, 0, 8}).ok());
  auto held = regions_.Find("r");
  regions_.UnregisterCuda("r");
  EXPECT_EQ(regions_.Find("r"), nullptr);
  EXPECT_TRUE(held->Write(0, "12345678").ok());
  EXPECT_EQ(devices_->open(), 1);
  held.reset();
  EXPECT_EQ(devices_->open(), 0);
}

TEST_F(CudaRegionTest, MoreThanTheServerHoldsAreRefused) {
  for (size_t i = 0; i < SharedRegions::kMostRegions; ++i) {
    ASSERT_TRUE(regions_.RegisterCuda({Concat("r", i), handle_, 0, 8}).ok());
  }
  EXPECT_EQ(regions_.RegisterCuda({"r", handle_, 0, 8}).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(devices_->open(), static_cast<int>(SharedRegions::kMostRegions));
}

TEST_F(CudaRegionTest, OverlapIsOfBytesAndNeverAcrossKinds) {
  const std::string other = devices_->Allocate(64);
  SharedObject object(64);
  ASSERT_TRUE(regions_.RegisterCuda({"first", handle_, 0, 32}).ok());
  ASSERT_TRUE(regions_.RegisterCuda({"again", handle_, 1, 64}).ok());
  ASSERT_TRUE(regions_.RegisterCuda({"other", other, 0, 64}).ok());
  ASSERT_TRUE(regions_.RegisterSystem({"host", object.key(), 0, 64}).ok());
  const auto first = regions_.Find("first"), again = regions_.Find("again");
  EXPECT_TRUE(first->Overlaps(8, 8, *again, 15, 8));
  EXPECT_FALSE(first->Overlaps(8, 8, *again, 16, 8));
  EXPECT_FALSE(first->Overlaps(0, 32, *regions_.Find("other"), 0, 32));
  EXPECT_FALSE(first->Overlaps(0, 32, *regions_.Find("host"), 0, 32));
}

TEST_F(CudaRegionTest, ACopyThatFailsNamesTheRegion) {
  ASSERT_TRUE(regions_.RegisterCuda({"r", handle_, 0, 8}).ok());
  const auto region = regions_.Find("r");
  char read[4];
  devices_->FailCopies(absl::InternalError("cannot read from GPU 0"));
  EXPECT_EQ(region->Read(0, 4, read).code(), absl::StatusCode::kInternal);
  EXPECT_THAT(Message(region->Write(0, "abcd")), AllOf(HasSubstr("'r'"), HasSubstr("GPU 0")));
  EXPECT_FALSE(IsDeviceFault(region->Read(0, 4, read)));
  devices_->FailCopies(DeviceFault("CUDA error: an illegal memory access was encountered"));
  EXPECT_TRUE(IsDeviceFault(region->Read(0, 4, read)));
  EXPECT_TRUE(IsDeviceFault(region->Write(0, "abcd")));
}

TEST(CudaRegions, WithoutAGpuTheSentenceSaysWhy) {
  SharedRegions regions(absl::UnimplementedError("LibTorch finds no GPU here"));
  EXPECT_FALSE(regions.has_devices());
  const absl::Status status = regions.RegisterCuda({"r", std::string(64, 'x'), 0, 8});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(Message(status), AllOf(HasSubstr("no GPU here"), HasSubstr("raw_input_contents")));
  regions.UnregisterCuda("");
  EXPECT_TRUE(regions.ListCuda().empty());
}

}  // namespace
}  // namespace driftserve
