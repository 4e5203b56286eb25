#include "server/execute/package_loader.h"

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/execute/model_loader.h"
#include "server/execute/package_archive.h"
#include "tests/fakes/torch_models.h"

namespace driftserve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const char kLibrary[] = "data/aotinductor/model/a.wrapper.so";
const char kStamp[] = "data/aotinductor/model/a.wrapper_metadata.json";

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

// What Load says of a package of these records.
std::string Fault(const fakes::Records& records, DataType type = DataType::kFp32) {
  LoadRequest request;
  request.file = "m/1/model.pt2";
  request.bytes = std::make_shared<const std::string>(fakes::MakePackage(records));
  request.inputs = {{"x", type, {1}}};
  request.outputs = {{"y", DataType::kFp32, {1}}};
  const auto loaded = MakePackageLoader()->Load(request);
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(loaded.status().message());
}

TEST(PackageArchiveTest, UnpacksWhatIsNativeAndItsStamps) {
  const auto folder = TemporaryFolder::Make("");
  ASSERT_TRUE(folder.ok()) << folder.status();
  const std::string bytes = fakes::MakePackage({{kLibrary, "code"},
                                                {kStamp, R"({"AOTI_CPU_ISA": "AVX2", "number": 3})"},
                                                {"data/aotinductor/model/a.wrapper.cpp", "source"},
                                                {"data/weights/w", "other"}});
  const auto package = UnpackPackage("m.pt2", bytes, folder->path());
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_EQ(package->library, folder->path() + "/a.wrapper.so");
  EXPECT_EQ(package->metadata.at("AOTI_CPU_ISA"), "AVX2");
  EXPECT_EQ(package->metadata.at("number"), "3");
  EXPECT_THAT(NamesIn(folder->path()), UnorderedElementsAre("a.wrapper.so", "a.wrapper_metadata.json"));
}

TEST(PackageArchiveTest, AFolderGoesWithItsOwner) {
  std::string path;
  {
    auto folder = TemporaryFolder::Make("");
    ASSERT_TRUE(folder.ok());
    const TemporaryFolder moved = *std::move(folder);
    path = moved.path();
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(std::string(TemporaryFolder::Make("/nowhere").status().message()),
              AllOf(HasSubstr("/nowhere/driftserve-"), HasSubstr("repository.native_code_folder")));
}

TEST(PackageLoaderTest, WhatIsNoPackageIsRefused) {
  LoadRequest request;
  request.file = "m/1/model.pt2";
  for (const std::string& bytes : {std::string(), std::string("PK"), std::string(10'000, 'x')}) {
    request.bytes = std::make_shared<const std::string>(bytes);
    EXPECT_THAT(std::string(MakePackageLoader()->Load(request).status().message()),
                HasSubstr("m/1/model.pt2: expected an AOTInductor package"));
  }
  EXPECT_THAT(Fault({{"data/other", "x"}}), AllOf(HasSubstr("m/1/model.pt2"), HasSubstr("expected a shared object")));
  EXPECT_THAT(Fault({{kLibrary, "x"}, {"data/aotinductor/second/b.so", "x"}}),
              HasSubstr("expected one model, got model, second"));
  EXPECT_THAT(Fault({{"data/aotinductor/model/../../a.so", "x"}}), HasSubstr("expected no folders"));
}

TEST(PackageLoaderTest, CodeForAnotherMachineIsRefusedBeforeItIsLoaded) {
  EXPECT_THAT(Fault({{kLibrary, "x"}, {kStamp, R"({"AOTI_DEVICE_KEY": "cuda"})"}}),
              HasSubstr("m/1/model.pt2: instance_group.kind: expected KIND_GPU"));
  EXPECT_THAT(Fault({{kLibrary, "x"}}), HasSubstr("expected a package for cpu or cuda, got one for ``"));
#if defined(__x86_64__)
  // No shared object at all: the dynamic linker says so, and nothing is left behind.
  EXPECT_THAT(Fault({{kLibrary, "x"},
                     {kStamp, R"({"AOTI_DEVICE_KEY": "cpu", "AOTI_MACHINE": "x86_64", "AOTI_CPU_ISA": "NONE"})"}}),
              HasSubstr("m/1/model.pt2: "));
#endif
}

TEST(PackageLoaderTest, TextsAndModulesWithoutTypesAreRefused) {
  EXPECT_THAT(Fault({{kLibrary, "x"}}, DataType::kBytes), HasSubstr("`x`: compiled packages take and give tensors"));
  EXPECT_THAT(std::string(MakePackageLoader()->Signature("m.pt2", "").status().message()),
              HasSubstr("config.pbtxt must list input and output"));
}

TEST(ModelLoaderTest, TheFilesNameSaysWhoLoadsIt) {
  EXPECT_TRUE(IsPackage("m/1/model.pt2"));
  EXPECT_FALSE(IsPackage("m/1/model.pt"));
}

}  // namespace
}  // namespace driftserve
