// The shared memory, log and trace methods over a real channel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/fakes/shared_object.h"
#include "tests/rpc/gate.h"
#include "tests/rpc/region_request.h"
#include "tests/rpc/test_server.h"

namespace driftserve {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

class SharedMemoryCalls : public testing::Test {
 protected:
  SharedMemoryCalls() : object_(64) {}

  void Connect() {
    server_.Start();
    stub_ = inference::GRPCInferenceService::NewStub(server_.Channel());
  }

  grpc::Status Register(const std::string& name, const std::string& key, uint64_t byte_size = 64) {
    inference::SystemSharedMemoryRegisterRequest request;
    request.set_name(name);
    request.set_key(key);
    request.set_byte_size(byte_size);
    inference::SystemSharedMemoryRegisterResponse response;
    grpc::ClientContext context;
    return stub_->SystemSharedMemoryRegister(&context, request, &response);
  }

  grpc::Status Unregister(const std::string& name) {
    inference::SystemSharedMemoryUnregisterRequest request;
    request.set_name(name);
    inference::SystemSharedMemoryUnregisterResponse response;
    grpc::ClientContext context;
    return stub_->SystemSharedMemoryUnregister(&context, request, &response);
  }

  grpc::Status Status(const std::string& name) {
    inference::SystemSharedMemoryStatusRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    return stub_->SystemSharedMemoryStatus(&context, request, &status_);
  }

  grpc::Status Infer() {
    grpc::ClientContext context;
    return stub_->ModelInfer(&context, RegionRequest(), &response_);
  }

  float Output() {
    float value = 0;
    EXPECT_TRUE(object_.Get(32, &value, sizeof(value)));
    return value;
  }

  SharedObject object_;
  TestServer server_{100, /*watched=*/true};
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  inference::SystemSharedMemoryStatusResponse status_;
  inference::ModelInferResponse response_;
};

TEST_F(SharedMemoryCalls, ARegionIsRegisteredListedAndUnregistered) {
  Connect();
  ASSERT_TRUE(Register("r", object_.key()).ok());
  ASSERT_TRUE(Status("").ok());
  EXPECT_EQ(status_.regions().at("r").key(), object_.key());
  EXPECT_EQ(status_.regions().at("r").byte_size(), 64u);
  EXPECT_TRUE(Status("r").ok());
  EXPECT_EQ(Status("other").error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(Register("r", object_.key()).error_code(), StatusCode::ALREADY_EXISTS);
  EXPECT_TRUE(Unregister("r").ok());
  EXPECT_TRUE(Unregister("").ok());
  EXPECT_EQ(Status("r").error_code(), StatusCode::NOT_FOUND);
}

TEST_F(SharedMemoryCalls, WrongKeysAndSizesAreRefused) {
  Connect();
  EXPECT_EQ(Register("r", "/no-such-object").error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(Register("r", "/../etc/passwd").error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Register("r", object_.key(), 65).error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(SharedMemoryCalls, ServesFromAndIntoTheRegion) {
  Connect();
  ASSERT_TRUE(Register("r", object_.key()).ok());
  const float value = 21;
  ASSERT_TRUE(object_.Put(0, &value, sizeof(value)));
  const grpc::Status status = Infer();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Output(), 42);
  ASSERT_TRUE(Unregister("r").ok());
  EXPECT_EQ(Infer().error_code(), StatusCode::INVALID_ARGUMENT) << "not registered any more";
}

TEST_F(SharedMemoryCalls, ARegionUnregisteredWhileInUseStillTakesTheAnswer) {
  server_.UseInstance();
  Gate gate;
  server_.graph->before_run = gate.Pass();
  Connect();
  ASSERT_TRUE(Register("r", object_.key()).ok());
  const float value = 2, later = 9;
  ASSERT_TRUE(object_.Put(0, &value, sizeof(value)));
  auto answered = std::async(std::launch::async, [this] { return Infer().ok(); });
  gate.WaitForArrival();
  ASSERT_TRUE(Unregister("r").ok());
  ASSERT_TRUE(object_.Put(0, &later, sizeof(later)));
  gate.Open();
  EXPECT_TRUE(answered.get());
  EXPECT_EQ(Output(), 4);
}

TEST_F(SharedMemoryCalls, ThereIsNoCudaSharedMemoryAndClientsMayCleanUp) {
  Connect();
  grpc::ClientContext status_context, unregister_context, register_context;
  inference::CudaSharedMemoryStatusResponse status;
  EXPECT_TRUE(stub_->CudaSharedMemoryStatus(&status_context, {}, &status).ok());
  EXPECT_TRUE(status.regions().empty());
  inference::CudaSharedMemoryUnregisterResponse unregistered;
  EXPECT_TRUE(stub_->CudaSharedMemoryUnregister(&unregister_context, {}, &unregistered).ok());
  inference::CudaSharedMemoryRegisterResponse registered;
  const grpc::Status refused = stub_->CudaSharedMemoryRegister(&register_context, {}, &registered);
  EXPECT_EQ(refused.error_code(), StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("takes no CUDA shared memory: no GPU"));
}

class SettingsCalls : public SharedMemoryCalls {
 protected:
  grpc::Status Set(const std::string& name, const inference::LogSettingsRequest::SettingValue& value) {
    inference::LogSettingsRequest request;
    (*request.mutable_settings())[name] = value;
    grpc::ClientContext context;
    return stub_->LogSettings(&context, request, &settings_);
  }

  static inference::LogSettingsRequest::SettingValue Bool(bool value) {
    inference::LogSettingsRequest::SettingValue setting;
    setting.set_bool_param(value);
    return setting;
  }

  inference::LogSettingsResponse settings_;
};

TEST_F(SettingsCalls, LogLevelsChangeAtRunTime) {
  Connect();
  ASSERT_TRUE(Set("log_info", Bool(false)).ok());
  EXPECT_FALSE(settings_.settings().at("log_info").bool_param());
  EXPECT_TRUE(settings_.settings().at("log_error").bool_param());
  EXPECT_FALSE(server_.log_filter.Writes(LogLevel::kInfo));
  EXPECT_TRUE(server_.log_filter.Writes(LogLevel::kWarning));
  ASSERT_TRUE(Set("log_info", Bool(true)).ok());
  EXPECT_TRUE(server_.log_filter.Writes(LogLevel::kInfo));
}

TEST_F(SettingsCalls, WhatCannotBeSetIsRefusedByName) {
  Connect();
  inference::LogSettingsRequest::SettingValue text;
  text.set_string_param("/tmp/log");
  for (const char* name : {"log_file", "log_format", "log_info", "nosuch"}) {
    const grpc::Status status = Set(name, text);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_THAT(status.error_message(), HasSubstr(name));
  }
  inference::LogSettingsRequest::SettingValue verbose;
  verbose.set_uint32_param(1);
  EXPECT_EQ(Set("log_verbose_level", verbose).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(server_.log_filter.Writes(LogLevel::kInfo)) << "nothing was changed";
}

TEST_F(SettingsCalls, TracingIsOffAndStaysOff) {
  Connect();
  inference::TraceSettingRequest request;
  inference::TraceSettingResponse response;
  grpc::ClientContext first, second, third;
  ASSERT_TRUE(stub_->TraceSetting(&first, request, &response).ok());
  EXPECT_EQ(response.settings().at("trace_level").value(0), "OFF");
  (*request.mutable_settings())["trace_level"].add_value("OFF");
  EXPECT_TRUE(stub_->TraceSetting(&second, request, &response).ok());
  (*request.mutable_settings())["trace_level"].set_value(0, "TIMESTAMPS");
  const grpc::Status status = stub_->TraceSetting(&third, request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("traceparent"));
}

}  // namespace
}  // namespace driftserve
