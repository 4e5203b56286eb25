#include "server/base/text.h"
#include "server/rpc/inference_service.h"
#include "server/rpc/rpc_status.h"

namespace driftserve {
namespace {

using inference::ModelRepositoryParameter;
using Parameters = google::protobuf::Map<std::string, ModelRepositoryParameter>;

constexpr std::string_view kFilePrefix = "file:";

// Triton's messages have the model in field 2, after a repository that nobody names; KServe's have it in field 1.
template <typename Request>
absl::StatusOr<std::string> ModelName(const Request& request) {
  if (request.model_name().empty()) return request.repository_name();
  if (request.repository_name().empty()) return request.model_name();
  return absl::InvalidArgumentError(Concat("repository_name: expected nothing, as there is one repository, got `",
                                           request.repository_name(), "`"));
}

absl::Status WrongType(const std::string& name, std::string_view expected) {
  return absl::InvalidArgumentError(Concat("parameters: `", name, "`: expected ", expected));
}

absl::StatusOr<LoadOverrides> ReadOverrides(const Parameters& parameters) {
  LoadOverrides overrides;
  for (const auto& [name, value] : parameters) {
    if (name == "config") {
      if (!value.has_string_param()) return WrongType(name, "a ModelConfig in string_param");
      overrides.config = value.string_param();
    } else if (std::string_view(name).starts_with(kFilePrefix)) {
      if (!value.has_bytes_param()) return WrongType(name, "a file's content in bytes_param");
      overrides.files[name.substr(kFilePrefix.size())] = std::make_shared<const std::string>(value.bytes_param());
    } else {
      return WrongType(name, "`config` or `file:<version>/<name>`");
    }
  }
  return overrides;
}

// Models depend on no other here: unload_dependents is taken, and has nothing to do.
absl::Status CheckUnloadParameters(const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (name != "unload_dependents") return WrongType(name, "`unload_dependents`");
    if (!value.has_bool_param()) return WrongType(name, "true or false in bool_param");
  }
  return absl::OkStatus();
}

absl::Status CheckControl(const ModelControl& control) {
  if (control.by_request()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "models are loaded and unloaded by request only where repository.control (--model-control) is `explicit`");
}

}  // namespace

grpc::Status InferenceService::RepositoryIndex(grpc::ServerContext*, const inference::RepositoryIndexRequest* request,
                                               inference::RepositoryIndexResponse* response) {
  for (VersionState& state : sources_.control->Index()) {
    if (state.state == "READY" && !sources_.state->ready()) {
      state.state = "UNAVAILABLE";
      state.reason = "the server is starting or shutting down";
    } else if (state.state == "READY" && !sources_.health->Serving(state.name).value_or(true)) {
      state.state = "UNAVAILABLE";
      state.reason = "it has not returned from a run (scheduling.watchdog_ms)";
    }
    if (request->ready() && state.state != "READY") continue;
    auto* const model = response->add_models();
    model->set_name(state.name);
    model->set_version(state.version);
    model->set_state(state.state);
    model->set_reason(state.reason);
  }
  return grpc::Status::OK;
}

grpc::Status InferenceService::RepositoryModelLoad(grpc::ServerContext* context,
                                                   const inference::RepositoryModelLoadRequest* request,
                                                   inference::RepositoryModelLoadResponse* response) {
  if (absl::Status status = CheckControl(*sources_.control); !status.ok()) return ToGrpcStatus(status);
  const absl::StatusOr<std::string> name = ModelName(*request);
  if (!name.ok()) return ToGrpcStatus(name.status());
  absl::StatusOr<LoadOverrides> overrides = ReadOverrides(request->parameters());
  if (!overrides.ok()) return ToGrpcStatus(overrides.status());
  const absl::Status status =
      sources_.control->Load(*name, *std::move(overrides), [context] { return context->IsCancelled(); });
  if (!status.ok()) return ToGrpcStatus(status);
  response->set_model_name(*name);
  response->set_isloaded(true);
  return grpc::Status::OK;
}

grpc::Status InferenceService::RepositoryModelUnload(grpc::ServerContext* context,
                                                     const inference::RepositoryModelUnloadRequest* request,
                                                     inference::RepositoryModelUnloadResponse* response) {
  if (absl::Status status = CheckControl(*sources_.control); !status.ok()) return ToGrpcStatus(status);
  const absl::StatusOr<std::string> name = ModelName(*request);
  if (!name.ok()) return ToGrpcStatus(name.status());
  if (absl::Status status = CheckUnloadParameters(request->parameters()); !status.ok()) return ToGrpcStatus(status);
  const absl::Status status = sources_.control->Unload(*name, [context] { return context->IsCancelled(); });
  if (!status.ok()) return ToGrpcStatus(status);
  response->set_model_name(*name);
  response->set_isunloaded(true);
  return grpc::Status::OK;
}

}  // namespace driftserve
