#include "server/shared_memory/shared_regions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "tests/fakes/shared_object.h"

namespace driftserve {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

std::string Message(const absl::Status& status) { return std::string(status.message()); }

size_t OpenDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST(SystemRegion, ReadsAndWritesWhatTheClientSees) {
  SharedObject object(64);
  SharedRegions regions;
  ASSERT_TRUE(regions.RegisterSystem({"r", object.key(), 16, 32}).ok());
  const auto region = regions.Find("r");
  ASSERT_NE(region, nullptr);
  ASSERT_TRUE(object.Put(20, "abcd", 4));
  char read[4];
  ASSERT_TRUE(region->Read(4, 4, read).ok());
  EXPECT_EQ(std::string(read, 4), "abcd");
  ASSERT_TRUE(region->Write(8, "wxyz").ok());
  ASSERT_TRUE(object.Get(24, read, 4));
  EXPECT_EQ(std::string(read, 4), "wxyz");
}

TEST(SystemRegion, TheKeyMayLackItsSlash) {
  SharedObject object(8);
  SharedRegions regions;
  EXPECT_TRUE(regions.RegisterSystem({"r", object.key().substr(1), 0, 8}).ok());
}

TEST(SystemRegion, KeysThatAreNoNamesAreRefused) {
  SharedRegions regions;
  for (const std::string key : {"", "/", ".", "..", "/..", "/a/b", "../etc/passwd", "/../etc/passwd", "//x"}) {
    const absl::Status status = regions.RegisterSystem({"r", key, 0, 8});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << key << ": " << status;
    EXPECT_THAT(Message(status), HasSubstr("'r'"));
  }
  EXPECT_EQ(regions.RegisterSystem({"r", std::string(300, 'k'), 0, 8}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(regions.RegisterSystem({"r", std::string("a\0b", 3), 0, 8}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(regions.RegisterSystem({"", "/k", 0, 8}).code(), absl::StatusCode::kInvalidArgument);
}

TEST(SystemRegion, AnObjectThatIsNotThereIsNotFound) {
  SharedRegions regions;
  const absl::Status status = regions.RegisterSystem({"r", "/driftserve-test-no-such", 0, 8});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(status), AllOf(HasSubstr("'r'"), HasSubstr("/driftserve-test-no-such")));
}

TEST(SystemRegion, ARangeBeyondTheObjectIsRefusedWithoutOverflow) {
  SharedObject object(64);
  SharedRegions regions;
  const std::pair<uint64_t, uint64_t> wrong[] = {{0, 65}, {64, 1}, {65, 1}, {kMost, 1}, {1, kMost}, {kMost, kMost}, {0, 0}};
  for (const auto& [offset, byte_size] : wrong) {
    const absl::Status status = regions.RegisterSystem({"r", object.key(), offset, byte_size});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << offset << " " << byte_size;
  }
  EXPECT_TRUE(regions.RegisterSystem({"r", object.key(), 63, 1}).ok());
  const auto region = regions.Find("r");
  EXPECT_TRUE(region->Holds(0, 1));
  EXPECT_TRUE(region->Holds(1, 0));
  EXPECT_FALSE(region->Holds(0, 2));
  EXPECT_FALSE(region->Holds(2, 0));
  EXPECT_FALSE(region->Holds(kMost, 1));
  EXPECT_FALSE(region->Holds(1, kMost));
}

TEST(SystemRegion, ANameIsGivenOnce) {
  SharedObject object(8);
  SharedRegions regions;
  ASSERT_TRUE(regions.RegisterSystem({"r", object.key(), 0, 8}).ok());
  EXPECT_EQ(regions.RegisterSystem({"r", object.key(), 0, 4}).code(), absl::StatusCode::kAlreadyExists);
  regions.UnregisterSystem("r");
  EXPECT_TRUE(regions.RegisterSystem({"r", object.key(), 0, 4}).ok());
}

TEST(SystemRegion, ListsAndUnregistersOneOrAll) {
  SharedObject object(8);
  SharedRegions regions;
  for (const char* name : {"b", "a", "c"}) ASSERT_TRUE(regions.RegisterSystem({name, object.key(), 0, 8}).ok());
  ASSERT_EQ(regions.ListSystem().size(), 3u);
  EXPECT_EQ(regions.ListSystem()[0].name, "a");
  regions.UnregisterSystem("b");
  regions.UnregisterSystem("no such");
  EXPECT_EQ(regions.ListSystem().size(), 2u);
  regions.UnregisterSystem("");
  EXPECT_TRUE(regions.ListSystem().empty());
}

TEST(SystemRegion, OneInUseStaysOpenUntilItsLastUser) {
  SharedObject object(8);
  SharedRegions regions;
  const size_t before = OpenDescriptors();
  ASSERT_TRUE(regions.RegisterSystem({"r", object.key(), 0, 8}).ok());
  auto held = regions.Find("r");
  regions.UnregisterSystem("r");
  EXPECT_EQ(regions.Find("r"), nullptr);
  EXPECT_TRUE(held->Write(0, "12345678").ok());
  EXPECT_EQ(OpenDescriptors(), before + 1);
  held.reset();
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(SystemRegion, ARefusedOneLeavesNothingOpen) {
  SharedObject object(8);
  SharedRegions regions;
  const size_t before = OpenDescriptors();
  EXPECT_FALSE(regions.RegisterSystem({"r", object.key(), 0, 9}).ok());
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(SystemRegion, AnObjectThatWasShortenedIsAnErrorAndNoFault) {
  SharedObject object(1 << 16);
  SharedRegions regions;
  ASSERT_TRUE(regions.RegisterSystem({"r", object.key(), 0, 1 << 16}).ok());
  ASSERT_TRUE(object.Resize(100));
  std::vector<char> bytes(1 << 16);
  const absl::Status status = regions.Find("r")->Read(0, bytes.size(), bytes.data());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("shorter"));
}

TEST(SystemRegion, OverlapIsOfBytesWhateverTheRegionsAreCalled) {
  SharedObject object(64), other(64);
  SharedRegions regions;
  ASSERT_TRUE(regions.RegisterSystem({"low", object.key(), 0, 32}).ok());
  ASSERT_TRUE(regions.RegisterSystem({"high", object.key(), 16, 32}).ok());
  ASSERT_TRUE(regions.RegisterSystem({"other", other.key(), 0, 32}).ok());
  const auto low = regions.Find("low"), high = regions.Find("high"), elsewhere = regions.Find("other");
  EXPECT_TRUE(low->Overlaps(0, 17, *high, 0, 1));
  EXPECT_FALSE(low->Overlaps(0, 16, *high, 0, 1));
  EXPECT_TRUE(high->Overlaps(0, 1, *low, 16, 1));
  EXPECT_FALSE(low->Overlaps(0, 32, *elsewhere, 0, 32));
}

}  // namespace
}  // namespace driftserve
