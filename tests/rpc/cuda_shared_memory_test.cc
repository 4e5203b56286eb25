// CUDA shared memory over a real channel, with GPUs on the heap.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "server/base/device_fault.h"
#include "tests/fakes/fake_device_memory.h"
#include "tests/rpc/gate.h"
#include "tests/rpc/region_request.h"
#include "tests/rpc/test_server.h"

namespace driftserve {
namespace {

using grpc::StatusCode;
using testing::Contains;
using testing::HasSubstr;

class CudaSharedMemoryCalls : public testing::Test {
 protected:
  void Connect() {
    server_.Start();
    stub_ = inference::GRPCInferenceService::NewStub(server_.Channel());
  }

  grpc::Status Register(const std::string& name, int64_t device_id = 1, uint64_t byte_size = 64) {
    inference::CudaSharedMemoryRegisterRequest request;
    request.set_name(name);
    request.set_raw_handle(handle_);
    request.set_device_id(device_id);
    request.set_byte_size(byte_size);
    inference::CudaSharedMemoryRegisterResponse response;
    grpc::ClientContext context;
    return stub_->CudaSharedMemoryRegister(&context, request, &response);
  }

  grpc::Status Unregister(const std::string& name) {
    inference::CudaSharedMemoryUnregisterRequest request;
    request.set_name(name);
    inference::CudaSharedMemoryUnregisterResponse response;
    grpc::ClientContext context;
    return stub_->CudaSharedMemoryUnregister(&context, request, &response);
  }

  grpc::Status Status(const std::string& name) {
    inference::CudaSharedMemoryStatusRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    return stub_->CudaSharedMemoryStatus(&context, request, &status_);
  }

  grpc::Status Infer() {
    inference::ModelInferResponse response;
    grpc::ClientContext context;
    return stub_->ModelInfer(&context, RegionRequest(), &response);
  }

  void PutInput(float value) { devices_->Put(handle_, 0, &value, sizeof(value)); }

  float Output() const {
    float value;
    devices_->Get(handle_, 32, &value, sizeof(value));
    return value;
  }

  uint64_t Answered(absl::StatusCode code) const {
    const auto method = static_cast<size_t>(Method::kModelInfer);
    return server_.model->counters.slot(0).requests[method][static_cast<size_t>(code)].Read();
  }

  const std::shared_ptr<FakeDeviceMemory> devices_ = std::make_shared<FakeDeviceMemory>();
  const std::string handle_ = devices_->Allocate(64);
  TestServer server_{100, /*watched=*/true, 100, devices_};
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  inference::CudaSharedMemoryStatusResponse status_;
};

TEST_F(CudaSharedMemoryCalls, ARegionIsRegisteredListedAndUnregistered) {
  Connect();
  ASSERT_TRUE(Register("r").ok());
  ASSERT_TRUE(Register("s", 0, 8).ok());
  ASSERT_TRUE(Status("").ok());
  EXPECT_EQ(status_.regions().size(), 2u);
  ASSERT_TRUE(Status("r").ok());
  ASSERT_EQ(status_.regions().size(), 1u);
  EXPECT_EQ(status_.regions().at("r").name(), "r");
  EXPECT_EQ(status_.regions().at("r").device_id(), 1u);
  EXPECT_EQ(status_.regions().at("r").byte_size(), 64u);
  EXPECT_EQ(Status("other").error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(Register("r").error_code(), StatusCode::ALREADY_EXISTS);
  EXPECT_TRUE(Unregister("r").ok());
  EXPECT_EQ(Status("r").error_code(), StatusCode::NOT_FOUND);
  EXPECT_TRUE(Unregister("r").ok()) << "clients clean up before they start";
  EXPECT_TRUE(Unregister("").ok());
  EXPECT_EQ(devices_->open(), 0);
}

TEST_F(CudaSharedMemoryCalls, ARegionOfOneKindIsNotFoundAsTheOther) {
  Connect();
  ASSERT_TRUE(Register("r").ok());
  inference::SystemSharedMemoryStatusRequest request;
  request.set_name("r");
  inference::SystemSharedMemoryStatusResponse response;
  grpc::ClientContext context;
  const grpc::Status status = stub_->SystemSharedMemoryStatus(&context, request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("not registered as system shared memory"));
}

TEST_F(CudaSharedMemoryCalls, TheExtensionIsListed) {
  Connect();
  inference::ServerMetadataResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->ServerMetadata(&context, {}, &response).ok());
  EXPECT_THAT(response.extensions(), Contains("cuda_shared_memory"));
}

TEST_F(CudaSharedMemoryCalls, WrongFieldsAreRefused) {
  Connect();
  EXPECT_EQ(Register("r", 2).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Register("r", 0, 65).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(devices_->open(), 0);
}

TEST_F(CudaSharedMemoryCalls, ServesFromAndIntoTheRegion) {
  Connect();
  ASSERT_TRUE(Register("r").ok());
  PutInput(21);
  const grpc::Status status = Infer();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Output(), 42);
  ASSERT_TRUE(Unregister("r").ok());
  EXPECT_EQ(Infer().error_code(), StatusCode::INVALID_ARGUMENT) << "not registered any more";
}

TEST_F(CudaSharedMemoryCalls, OneUnregisteredWhileInUseIsClosedOnceItsAnswerIsWritten) {
  server_.UseInstance();
  Gate gate;
  server_.graph->before_run = gate.Pass();
  Connect();
  ASSERT_TRUE(Register("r").ok());
  PutInput(2);
  auto answered = std::async(std::launch::async, [this] { return Infer().ok(); });
  gate.WaitForArrival();
  ASSERT_TRUE(Unregister("r").ok());
  EXPECT_EQ(devices_->open(), 1);
  gate.Open();
  EXPECT_TRUE(answered.get());
  EXPECT_EQ(Output(), 4);
  EXPECT_EQ(devices_->open(), 0) << "with the answer at the latest, though the sample lives on";
}

TEST_F(CudaSharedMemoryCalls, ACopyThatFailsIsACountedFailure) {
  Connect();
  ASSERT_TRUE(Register("r").ok());
  devices_->FailCopies(absl::InternalError("cannot read from GPU 1: CUDA error: invalid argument"));
  const grpc::Status status = Infer();
  EXPECT_EQ(status.error_code(), StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message(), HasSubstr("input 'x': shared memory region 'r': cannot read from GPU 1"));
  EXPECT_EQ(Answered(absl::StatusCode::kInternal), 1u);
  EXPECT_EQ(server_.device_faults, 0);
  devices_->FailCopies(absl::OkStatus());
  EXPECT_TRUE(Infer().ok()) << "the server goes on";
}

TEST_F(CudaSharedMemoryCalls, AnOutputThatCannotBeWrittenIsACountedFailure) {
  server_.graph->before_run = [this] { devices_->FailCopies(absl::InternalError("cannot write to GPU 1")); };
  Connect();
  ASSERT_TRUE(Register("r").ok());
  const grpc::Status status = Infer();
  EXPECT_EQ(status.error_code(), StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message(), HasSubstr("output 'y': shared memory region 'r': cannot write to GPU 1"));
  EXPECT_EQ(Answered(absl::StatusCode::kInternal), 1u);
}

TEST_F(CudaSharedMemoryCalls, ADeviceThatFailsInACopyIsReported) {
  Connect();
  ASSERT_TRUE(Register("r").ok());
  devices_->FailCopies(DeviceFault("CUDA error: an illegal memory access was encountered"));
  EXPECT_EQ(Infer().error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(server_.device_faults, 1);
  EXPECT_EQ(server_.model->counters.slot(0).device_faults.Read(), 1u);
}

}  // namespace
}  // namespace driftserve
