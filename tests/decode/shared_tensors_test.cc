#include "server/decode/shared_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "server/base/device_fault.h"
#include "server/decode/infer_request.h"
#include "server/decode/infer_response.h"
#include "tests/fakes/fake_device_memory.h"
#include "tests/fakes/shared_object.h"

namespace driftserve {
namespace {

using inference::ModelInferRequest;
using testing::AllOf;
using testing::HasSubstr;

ModelSettings Settings() {
  ModelSettings settings;
  settings.name = "m";
  settings.max_batch_size = 4;
  settings.inputs = {{"a", DataType::kFp32, {1}}, {"b", DataType::kFp32, {1}}};
  settings.outputs = {{"c", DataType::kFp32, {1}}, {"d", DataType::kFp32, {1}}};
  return settings;
}

void Place(TensorParameters& parameters, const std::string& region, int64_t byte_size, int64_t offset) {
  parameters["shared_memory_region"].set_string_param(region);
  parameters["shared_memory_byte_size"].set_int64_param(byte_size);
  parameters["shared_memory_offset"].set_int64_param(offset);
}

class SharedTensorsTest : public testing::Test {
 protected:
  SharedTensorsTest() : object_(64) {
    const float values[] = {1, 2, 3, 4};
    EXPECT_TRUE(object_.Put(0, values, sizeof(values)));
    EXPECT_TRUE(regions_.RegisterSystem({"r", object_.key(), 0, 64}).ok());
    limits_.regions = &regions_;
  }

  /// Two rows; input a in shared memory, input b raw.
  ModelInferRequest Request() {
    ModelInferRequest request;
    for (const char* name : {"a", "b"}) {
      auto& input = *request.add_inputs();
      input.set_name(name);
      input.set_datatype("FP32");
      input.add_shape(2);
      input.add_shape(1);
    }
    Place(*request.mutable_inputs(0)->mutable_parameters(), "r", 8, 4);
    const float raw[] = {7, 8};
    request.add_raw_input_contents(raw, sizeof(raw));
    return request;
  }

  absl::Status Decode(const ModelInferRequest& request) {
    return DecodeInferRequest(request, Settings(), limits_, decoded_);
  }

  absl::Status DecodeChanged(const std::function<void(ModelInferRequest&)>& change) {
    ModelInferRequest request = Request();
    change(request);
    return Decode(request);
  }

  void ExpectRefused(const std::function<void(ModelInferRequest&)>& change, const std::string& part,
                     absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    const absl::Status status = DecodeChanged(change);
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }

  SharedObject object_;
  SharedRegions regions_;
  DecodeLimits limits_;
  DecodedRequest decoded_;
};

float At(const TensorView& tensor, int index) {
  float value;
  std::memcpy(&value, tensor.bytes + index * sizeof(float), sizeof(float));
  return value;
}

TEST_F(SharedTensorsTest, AnInputInSharedMemoryTakesNoRawEntry) {
  const ModelInferRequest request = Request();
  ASSERT_TRUE(Decode(request).ok());
  EXPECT_EQ(At(decoded_.inputs[0], 0), 2);
  EXPECT_EQ(At(decoded_.inputs[0], 1), 3);
  EXPECT_EQ(At(decoded_.inputs[1], 0), 7);
  EXPECT_EQ(decoded_.byte_size, 16u);
}

TEST_F(SharedTensorsTest, TheInputIsACopy) {
  const ModelInferRequest request = Request();
  ASSERT_TRUE(Decode(request).ok());
  const float changed[] = {90, 90, 90};
  ASSERT_TRUE(object_.Put(4, changed, sizeof(changed)));
  EXPECT_EQ(At(decoded_.inputs[0], 0), 2) << "the client may use the region again; the sample keeps what was served";
}

TEST_F(SharedTensorsTest, WhatIsWrongNamesTensorAndRegion) {
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "nosuch", 8, 0); }, "input 'a'");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "nosuch", 8, 0); }, "'nosuch'");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", 8, 57); }, "within the 64 bytes");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", 8, INT64_MAX); }, "within");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", INT64_MAX, 4); }, "within");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", -8, 0); }, "byte_size");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", 8, -1); }, "offset");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", 12, 0); }, "2 elements");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", 9, 0); }, "9 bytes");
  ExpectRefused(
      [](auto& r) { (*r.mutable_inputs(0)->mutable_parameters())["shared_memory_region"].set_int64_param(1); },
      "string_param");
}

TEST_F(SharedTensorsTest, RawEntriesAreCountedWithoutThoseInSharedMemory) {
  ExpectRefused([](auto& r) { r.add_raw_input_contents("12345678"); }, "raw_input_contents");
  ExpectRefused([](auto& r) { r.mutable_inputs(0)->mutable_contents()->add_fp32_contents(1); }, "got both");
}

TEST_F(SharedTensorsTest, AnInputAboveTheMessageLimitIsNotCopied) {
  limits_.shared_input_bytes = 7;
  ExpectRefused([](auto&) {}, "grpc.max_message_bytes");
}

TEST_F(SharedTensorsTest, AnObjectShortenedSinceIsAnError) {
  ASSERT_TRUE(object_.Resize(6));
  ExpectRefused([](auto&) {}, "register it again", absl::StatusCode::kFailedPrecondition);
}

TEST_F(SharedTensorsTest, WithoutSharedMemoryTheSentenceNamesTheOption) {
  limits_.regions = nullptr;
  ExpectRefused([](auto&) {}, "grpc.shared_memory", absl::StatusCode::kUnimplemented);
}

class SharedOutputTest : public SharedTensorsTest {
 protected:
  SharedOutputTest() {
    model_.settings = Settings();
    outputs_ = {{DataType::kFp32, {2, 1}, reinterpret_cast<const char*>(values_), sizeof(values_)},
                {DataType::kFp32, {2, 1}, reinterpret_cast<const char*>(values_), sizeof(values_)}};
  }

  absl::Status Serve(int64_t byte_size) {
    ModelInferRequest request = Request();
    request.add_outputs()->set_name("d");
    request.add_outputs()->set_name("c");
    Place(*request.mutable_outputs(1)->mutable_parameters(), "r", byte_size, 40);
    if (absl::Status status = Decode(request); !status.ok()) return status;
    return EncodeInferResponse(model_, decoded_, outputs_, 0, "id", response_, views_);
  }

  const float values_[2] = {5, 6};
  Model model_;
  TensorList outputs_, views_;
  inference::ModelInferResponse response_;
};

TEST_F(SharedOutputTest, IsWrittenAndDescribedWithAnEmptyRawEntry) {
  ASSERT_TRUE(Serve(12).ok());
  float written[2];
  ASSERT_TRUE(object_.Get(40, written, sizeof(written)));
  EXPECT_EQ(written[0], 5);
  EXPECT_EQ(written[1], 6);
  ASSERT_EQ(response_.raw_output_contents_size(), 2);
  EXPECT_EQ(response_.raw_output_contents(0).size(), 8u);
  EXPECT_TRUE(response_.raw_output_contents(1).empty());
  const auto& parameters = response_.outputs(1).parameters();
  EXPECT_EQ(parameters.at("shared_memory_region").string_param(), "r");
  EXPECT_EQ(parameters.at("shared_memory_byte_size").int64_param(), 8);
  EXPECT_EQ(parameters.at("shared_memory_offset").int64_param(), 40);
}

TEST_F(SharedOutputTest, ThatDoesNotFitIsAnErrorWithItsSize) {
  const absl::Status status = Serve(7);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("output 'c'"), HasSubstr("8 bytes"), HasSubstr("leaves 7")));
}

TEST_F(SharedOutputTest, TwoInTheSameBytesAreRefused) {
  ExpectRefused(
      [](auto& r) {
        r.add_outputs()->set_name("c");
        r.add_outputs()->set_name("d");
        Place(*r.mutable_outputs(0)->mutable_parameters(), "r", 8, 32);
        Place(*r.mutable_outputs(1)->mutable_parameters(), "r", 8, 39);
      },
      "overlap");
}

class CudaTensorsTest : public SharedOutputTest {
 protected:
  CudaTensorsTest() {
    EXPECT_TRUE(gpus_.RegisterCuda({"r", handle_, 1, 64}).ok());
    const float values[] = {1, 2, 3, 4};
    devices_->Put(handle_, 0, values, sizeof(values));
    limits_.regions = &gpus_;
  }

  const std::shared_ptr<FakeDeviceMemory> devices_ = std::make_shared<FakeDeviceMemory>();
  const std::string handle_ = devices_->Allocate(128);
  SharedRegions gpus_{devices_};
};

TEST_F(CudaTensorsTest, AreReadAndWrittenAsThoseOfSystemRegions) {
  ASSERT_TRUE(Serve(8).ok());
  EXPECT_EQ(At(decoded_.inputs[0], 0), 2);
  EXPECT_EQ(At(decoded_.inputs[0], 1), 3);
  float written[2];
  devices_->Get(handle_, 40, written, sizeof(written));
  EXPECT_EQ(written[0], 5);
  EXPECT_EQ(written[1], 6);
  EXPECT_EQ(response_.outputs(1).parameters().at("shared_memory_region").string_param(), "r");
}

TEST_F(CudaTensorsTest, EndWhereTheirRegionDoes) {
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", 8, 57); }, "within the 64 bytes");
  ExpectRefused([](auto& r) { Place(*r.mutable_inputs(0)->mutable_parameters(), "r", 8, INT64_MAX); }, "within");
}

TEST_F(CudaTensorsTest, ThatCannotBeCopiedNameTensorAndRegion) {
  devices_->FailCopies(absl::InternalError("cannot read from GPU 1"));
  ExpectRefused([](auto&) {}, "input 'a': shared memory region 'r': cannot read from GPU 1",
                absl::StatusCode::kInternal);
  devices_->FailCopies(DeviceFault("CUDA error: unspecified launch failure"));
  EXPECT_TRUE(IsDeviceFault(Decode(Request())));
}

}  // namespace
}  // namespace driftserve
