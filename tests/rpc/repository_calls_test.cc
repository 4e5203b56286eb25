#include "gmock/gmock.h"
#include "tests/rpc/test_server.h"

namespace driftserve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RepositoryCalls : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.Start();
    stub_ = inference::GRPCInferenceService::NewStub(server_.Channel());
  }

  grpc::Status Load(const inference::RepositoryModelLoadRequest& request) {
    grpc::ClientContext context;
    return stub_->RepositoryModelLoad(&context, request, &loaded_);
  }
  grpc::Status Unload(const inference::RepositoryModelUnloadRequest& request) {
    grpc::ClientContext context;
    return stub_->RepositoryModelUnload(&context, request, &unloaded_);
  }
  std::vector<std::string> Index(bool ready) {
    grpc::ClientContext context;
    inference::RepositoryIndexRequest request;
    request.set_ready(ready);
    inference::RepositoryIndexResponse response;
    EXPECT_TRUE(stub_->RepositoryIndex(&context, request, &response).ok());
    std::vector<std::string> rows;
    for (const auto& model : response.models()) {
      rows.push_back(Concat(model.name(), " ", model.state(), model.reason().empty() ? "" : ": ", model.reason()));
    }
    return rows;
  }

  TestServer server_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  inference::RepositoryModelLoadResponse loaded_;
  inference::RepositoryModelUnloadResponse unloaded_;
};

TEST_F(RepositoryCalls, TritonsAndKServesFieldsNameTheSameModel) {
  inference::RepositoryModelLoadRequest triton, kserve;
  triton.set_model_name("a");
  kserve.set_repository_name("b");
  EXPECT_TRUE(Load(triton).ok());
  EXPECT_TRUE(Load(kserve).ok());
  EXPECT_EQ(loaded_.model_name(), "b");
  EXPECT_TRUE(loaded_.isloaded());
  inference::RepositoryModelUnloadRequest unload;
  unload.set_repository_name("b");
  EXPECT_TRUE(Unload(unload).ok());
  EXPECT_TRUE(unloaded_.isunloaded());
  EXPECT_THAT(server_.control.loaded, ElementsAre("a", "b"));
  EXPECT_THAT(server_.control.unloaded, ElementsAre("b"));
  triton.set_repository_name("other");
  EXPECT_EQ(Load(triton).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RepositoryCalls, ParametersAreHandedOver) {
  inference::RepositoryModelLoadRequest request;
  request.set_model_name("a");
  (*request.mutable_parameters())["config"].set_string_param("{}");
  (*request.mutable_parameters())["file:1/model.pt"].set_bytes_param("bytes");
  ASSERT_TRUE(Load(request).ok());
  EXPECT_EQ(server_.control.overrides.config, "{}");
  ASSERT_EQ(server_.control.overrides.files.count("1/model.pt"), 1u);
  EXPECT_EQ(*server_.control.overrides.files["1/model.pt"], "bytes");
}

TEST_F(RepositoryCalls, ParametersOfAnotherTypeOrNameAreRefused) {
  const auto refused = [&](const std::string& name, auto set) {
    inference::RepositoryModelLoadRequest request;
    request.set_model_name("a");
    set((*request.mutable_parameters())[name]);
    const grpc::Status status = Load(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(Concat("parameters: `", name, "`: expected ")));
  };
  refused("config", [](auto& value) { value.set_int64_param(1); });
  refused("file:1/model.pt", [](auto& value) { value.set_string_param("bytes"); });
  refused("priority", [](auto& value) { value.set_int64_param(1); });
  inference::RepositoryModelUnloadRequest unload;
  unload.set_model_name("a");
  (*unload.mutable_parameters())["unload_dependents"].set_bool_param(true);
  EXPECT_TRUE(Unload(unload).ok());
  (*unload.mutable_parameters())["force"].set_bool_param(true);
  EXPECT_EQ(Unload(unload).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(server_.control.loaded, IsEmpty());
}

TEST_F(RepositoryCalls, WhereClientsMayNotTheyAreToldWhatToChange) {
  server_.control.explicit_ = false;
  inference::RepositoryModelLoadRequest request;
  request.set_model_name("a");
  const grpc::Status status = Load(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("repository.control"));
  EXPECT_EQ(Unload({}).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(RepositoryCalls, TheStatusOfALoadIsTheCalls) {
  server_.control.answer = absl::AbortedError("m/1/model.pt: crashed");
  const grpc::Status status = Load({});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(status.error_message(), "m/1/model.pt: crashed");
}

TEST_F(RepositoryCalls, TheIndexFiltersAndFollowsTheServer) {
  server_.control.index = {{"a", "1", "READY", ""}, {"b", "", "UNAVAILABLE", "not loaded"}};
  EXPECT_THAT(Index(false), ElementsAre("a READY", "b UNAVAILABLE: not loaded"));
  EXPECT_THAT(Index(true), ElementsAre("a READY"));
  server_.state.SetReady(false);
  EXPECT_THAT(Index(false),
              ElementsAre("a UNAVAILABLE: the server is starting or shutting down", "b UNAVAILABLE: not loaded"));
  EXPECT_THAT(Index(true), IsEmpty());
}

TEST_F(RepositoryCalls, TheIndexShowsAModelThatHangs) {
  server_.control.index = {{"a", "1", "READY", ""}, {"b", "1", "READY", ""}};
  server_.health.Set("a", false);
  EXPECT_THAT(Index(false),
              ElementsAre("a UNAVAILABLE: it has not returned from a run (scheduling.watchdog_ms)", "b READY"));
  EXPECT_THAT(Index(true), ElementsAre("b READY"));
  server_.health.Set("a", true);
  EXPECT_THAT(Index(true), ElementsAre("a READY", "b READY"));
}

}  // namespace
}  // namespace driftserve
