#include "server/rpc/inference_service.h"

#include "server/rpc/rpc_status.h"

namespace driftserve {
namespace {

grpc::Status Unimplemented(const char* sentence) { return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, sentence); }

constexpr char kNoStream[] = "this server does not stream inferences; call ModelInfer once per request";
constexpr char kNoStatistics[] = "this server counts in Prometheus; read GET /metrics on the operations port";
constexpr char kNoLoading[] =
    "this server serves what its repository held when it started; restart it to load or unload models";
constexpr char kNoSharedMemory[] = "this server does not use shared memory; send tensors in raw_input_contents";
constexpr char kNoTracing[] = "this server has no trace settings; traceparent metadata is passed on to the records";
constexpr char kNoLogSettings[] =
    "log settings cannot be changed while the server runs; set log.level in its configuration";

void Describe(const TensorSpec& spec, bool batches, inference::ModelMetadataResponse::TensorMetadata& metadata) {
  metadata.set_name(spec.name);
  metadata.set_datatype(std::string(Name(spec.type)));
  if (batches) metadata.add_shape(-1);
  for (const int64_t dimension : spec.dims) metadata.add_shape(dimension);
}

}  // namespace

InferenceService::InferenceService(const Registry* registry, const ServerState* state, RepositoryIndexSource index,
                                   std::string version)
    : registry_(registry), state_(state), index_(std::move(index)), version_(std::move(version)) {}

grpc::Status InferenceService::ServerLive(grpc::ServerContext*, const inference::ServerLiveRequest*,
                                          inference::ServerLiveResponse* response) {
  response->set_live(true);
  return grpc::Status::OK;
}

grpc::Status InferenceService::ServerReady(grpc::ServerContext*, const inference::ServerReadyRequest*,
                                           inference::ServerReadyResponse* response) {
  response->set_ready(state_->ready());
  return grpc::Status::OK;
}

grpc::Status InferenceService::ModelReady(grpc::ServerContext*, const inference::ModelReadyRequest* request,
                                          inference::ModelReadyResponse* response) {
  const auto model = registry_->Current()->Find(request->name(), request->version());
  if (!model.ok()) return ToGrpcStatus(model.status());
  response->set_ready(state_->ready());
  return grpc::Status::OK;
}

grpc::Status InferenceService::ServerMetadata(grpc::ServerContext*, const inference::ServerMetadataRequest*,
                                              inference::ServerMetadataResponse* response) {
  response->set_name("driftserve");
  response->set_version(version_);
  // Only what is true: clients act on this list.
  for (const char* extension : {"binary_tensor_data", "model_configuration", "parameters"})
    response->add_extensions(extension);
  return grpc::Status::OK;
}

grpc::Status InferenceService::ModelMetadata(grpc::ServerContext*, const inference::ModelMetadataRequest* request,
                                             inference::ModelMetadataResponse* response) {
  const std::shared_ptr<const ModelSet> models = registry_->Current();
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
  const auto model = registry_->Current()->Find(request->name(), request->version());
  if (!model.ok()) return ToGrpcStatus(model.status());
  *response->mutable_config() = (*model)->settings.config;
  return grpc::Status::OK;
}

grpc::Status InferenceService::RepositoryIndex(grpc::ServerContext*, const inference::RepositoryIndexRequest* request,
                                               inference::RepositoryIndexResponse* response) {
  for (const VersionState& state : index_()) {
    if (request->ready() && state.state != "READY") continue;
    auto* const model = response->add_models();
    model->set_name(state.name);
    model->set_version(state.version);
    model->set_state(state.state);
    model->set_reason(state.reason);
  }
  return grpc::Status::OK;
}

grpc::Status InferenceService::ModelStreamInfer(
    grpc::ServerContext*,
    grpc::ServerReaderWriter<inference::ModelStreamInferResponse, inference::ModelInferRequest>*) {
  return Unimplemented(kNoStream);
}

#define DRIFTSERVE_UNIMPLEMENTED(method, sentence)                                               \
  grpc::Status InferenceService::method(grpc::ServerContext*, const inference::method##Request*, \
                                        inference::method##Response*) {                          \
    return Unimplemented(sentence);                                                              \
  }

DRIFTSERVE_UNIMPLEMENTED(ModelStatistics, kNoStatistics)
DRIFTSERVE_UNIMPLEMENTED(RepositoryModelLoad, kNoLoading)
DRIFTSERVE_UNIMPLEMENTED(RepositoryModelUnload, kNoLoading)
DRIFTSERVE_UNIMPLEMENTED(SystemSharedMemoryStatus, kNoSharedMemory)
DRIFTSERVE_UNIMPLEMENTED(SystemSharedMemoryRegister, kNoSharedMemory)
DRIFTSERVE_UNIMPLEMENTED(SystemSharedMemoryUnregister, kNoSharedMemory)
DRIFTSERVE_UNIMPLEMENTED(CudaSharedMemoryStatus, kNoSharedMemory)
DRIFTSERVE_UNIMPLEMENTED(CudaSharedMemoryRegister, kNoSharedMemory)
DRIFTSERVE_UNIMPLEMENTED(CudaSharedMemoryUnregister, kNoSharedMemory)
DRIFTSERVE_UNIMPLEMENTED(TraceSetting, kNoTracing)
DRIFTSERVE_UNIMPLEMENTED(LogSettings, kNoLogSettings)

#undef DRIFTSERVE_UNIMPLEMENTED

}  // namespace driftserve
