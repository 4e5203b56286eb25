#include "server/rpc/inference_service.h"

#include "server/rpc/model_statistics.h"
#include "server/rpc/rpc_status.h"

namespace driftserve {
namespace {

void Describe(const TensorSpec& spec, bool batches, inference::ModelMetadataResponse::TensorMetadata& metadata) {
  metadata.set_name(spec.name);
  metadata.set_datatype(std::string(Name(spec.type)));
  if (batches) metadata.add_shape(-1);
  for (const int64_t dimension : spec.dims) metadata.add_shape(dimension);
}

}  // namespace

grpc::Status InferenceService::ServerLive(grpc::ServerContext*, const inference::ServerLiveRequest*,
                                          inference::ServerLiveResponse* response) {
  response->set_live(true);
  return grpc::Status::OK;
}

grpc::Status InferenceService::ServerReady(grpc::ServerContext*, const inference::ServerReadyRequest*,
                                           inference::ServerReadyResponse* response) {
  response->set_ready(sources_.state->ready() && sources_.health->Serving("").value_or(false));
  return grpc::Status::OK;
}

grpc::Status InferenceService::ModelReady(grpc::ServerContext*, const inference::ModelReadyRequest* request,
                                          inference::ModelReadyResponse* response) {
  const auto model = sources_.registry->Current()->Find(request->name(), request->version());
  // A model that is known and not loaded is not ready, which is an answer; an unknown one is a mistake.
  if (!model.ok() && !absl::IsUnavailable(model.status())) return ToGrpcStatus(model.status());
  response->set_ready(model.ok() && sources_.state->ready() &&
                      sources_.health->Serving(request->name()).value_or(false));
  return grpc::Status::OK;
}

grpc::Status InferenceService::ServerMetadata(grpc::ServerContext*, const inference::ServerMetadataRequest*,
                                              inference::ServerMetadataResponse* response) {
  response->set_name("driftserve");
  response->set_version(sources_.version);
  // Only what is true: clients act on this list.
  for (const char* extension : {"binary_tensor_data", "model_configuration", "parameters", "statistics", "logging",
                                "schedule_policy"}) {
    response->add_extensions(extension);
  }
  if (sources_.regions != nullptr) response->add_extensions("system_shared_memory");
  if (sources_.regions != nullptr && sources_.regions->has_devices()) response->add_extensions("cuda_shared_memory");
  if (sources_.control->by_request()) {
    response->add_extensions("model_repository");
    response->add_extensions("model_repository(unload_dependents)");
  }
  return grpc::Status::OK;
}

grpc::Status InferenceService::ModelMetadata(grpc::ServerContext*, const inference::ModelMetadataRequest* request,
                                             inference::ModelMetadataResponse* response) {
  const std::shared_ptr<const ModelSet> models = sources_.registry->Current();
  const auto found = models->Find(request->name(), request->version());
  if (!found.ok()) return ToGrpcStatus(found.status());
  const Model& model = **found;
  response->set_name(model.settings.name);
  response->set_platform(model.settings.platform);
  for (const auto& [version, unused] : models->models.find(request->name())->second) {
    response->add_versions(std::to_string(version));
  }
  const bool batches = model.settings.max_batch_size > 0;
  for (const TensorSpec& spec : model.settings.inputs) Describe(spec, batches, *response->add_inputs());
  for (const TensorSpec& spec : model.settings.outputs) Describe(spec, batches, *response->add_outputs());
  return grpc::Status::OK;
}

grpc::Status InferenceService::ModelConfig(grpc::ServerContext*, const inference::ModelConfigRequest* request,
                                           inference::ModelConfigResponse* response) {
  const auto model = sources_.registry->Current()->Find(request->name(), request->version());
  if (!model.ok()) return ToGrpcStatus(model.status());
  *response->mutable_config() = (*model)->settings.config;
  return grpc::Status::OK;
}

grpc::Status InferenceService::ModelStatistics(grpc::ServerContext*, const inference::ModelStatisticsRequest* request,
                                               inference::ModelStatisticsResponse* response) {
  const std::shared_ptr<const ModelSet> models = sources_.registry->Current();
  const bool one_model = !request->name().empty();
  std::shared_ptr<Model> one_version;
  if (one_model) {
    const auto found = models->Find(request->name(), request->version());
    if (!found.ok()) return ToGrpcStatus(found.status());
    if (!request->version().empty()) one_version = *found;
  }
  const int64_t monotonic_ns = sources_.clock->MonotonicNanos();
  const int64_t unix_ns = sources_.clock->UnixNanos();
  for (const auto& [name, versions] : models->models) {
    if (one_model && name != request->name()) continue;
    for (const auto& [number, model] : versions) {
      if (one_version != nullptr && model != one_version) continue;
      FillStatistics(*model, monotonic_ns, unix_ns, *response->add_model_stats());
    }
  }
  return grpc::Status::OK;
}

}  // namespace driftserve
