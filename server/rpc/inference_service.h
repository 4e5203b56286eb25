#pragma once

#include <string>
#include <utility>

#include "inference/grpc_service.grpc.pb.h"
#include "server/base/clock.h"
#include "server/base/log_filter.h"
#include "server/repository/model_control.h"
#include "server/repository/registry.h"
#include "server/rpc/health_board.h"
#include "server/rpc/server_state.h"
#include "server/shared_memory/shared_regions.h"

namespace driftserve {

/// What the synchronous methods answer from. Everything it points to outlives the service.
struct ServiceSources {
  const Registry* registry = nullptr;
  const ServerState* state = nullptr;
  const HealthBoard* health = nullptr;
  const Clock* clock = nullptr;
  SharedRegions* regions = nullptr;  // null: no shared memory
  LogFilter* log_filter = nullptr;
  ModelControl* control = nullptr;
  std::string version;
};

/// The Open Inference Protocol. ModelInfer and ModelStreamInfer are asynchronous, on the pollers' queues, the stream
/// with messages as bytes; everything here is gRPC's synchronous API, on gRPC's own threads, which costs the pollers
/// nothing. Thread-safe.
class InferenceService final
    : public inference::GRPCInferenceService::WithRawMethod_ModelStreamInfer<
          inference::GRPCInferenceService::WithAsyncMethod_ModelInfer<inference::GRPCInferenceService::Service>> {
 public:
  explicit InferenceService(ServiceSources sources) : sources_(std::move(sources)) {}

  grpc::Status ServerLive(grpc::ServerContext*, const inference::ServerLiveRequest*,
                          inference::ServerLiveResponse*) override;
  grpc::Status ServerReady(grpc::ServerContext*, const inference::ServerReadyRequest*,
                           inference::ServerReadyResponse*) override;
  grpc::Status ModelReady(grpc::ServerContext*, const inference::ModelReadyRequest*,
                          inference::ModelReadyResponse*) override;
  grpc::Status ServerMetadata(grpc::ServerContext*, const inference::ServerMetadataRequest*,
                              inference::ServerMetadataResponse*) override;
  grpc::Status ModelMetadata(grpc::ServerContext*, const inference::ModelMetadataRequest*,
                             inference::ModelMetadataResponse*) override;
  grpc::Status ModelConfig(grpc::ServerContext*, const inference::ModelConfigRequest*,
                           inference::ModelConfigResponse*) override;
  grpc::Status RepositoryIndex(grpc::ServerContext*, const inference::RepositoryIndexRequest*,
                               inference::RepositoryIndexResponse*) override;
  grpc::Status RepositoryModelLoad(grpc::ServerContext*, const inference::RepositoryModelLoadRequest*,
                                   inference::RepositoryModelLoadResponse*) override;
  grpc::Status RepositoryModelUnload(grpc::ServerContext*, const inference::RepositoryModelUnloadRequest*,
                                     inference::RepositoryModelUnloadResponse*) override;

  grpc::Status ModelStatistics(grpc::ServerContext*, const inference::ModelStatisticsRequest*,
                               inference::ModelStatisticsResponse*) override;

  grpc::Status SystemSharedMemoryStatus(grpc::ServerContext*, const inference::SystemSharedMemoryStatusRequest*,
                                        inference::SystemSharedMemoryStatusResponse*) override;
  grpc::Status SystemSharedMemoryRegister(grpc::ServerContext*, const inference::SystemSharedMemoryRegisterRequest*,
                                          inference::SystemSharedMemoryRegisterResponse*) override;
  grpc::Status SystemSharedMemoryUnregister(grpc::ServerContext*, const inference::SystemSharedMemoryUnregisterRequest*,
                                            inference::SystemSharedMemoryUnregisterResponse*) override;
  grpc::Status CudaSharedMemoryStatus(grpc::ServerContext*, const inference::CudaSharedMemoryStatusRequest*,
                                      inference::CudaSharedMemoryStatusResponse*) override;
  grpc::Status CudaSharedMemoryRegister(grpc::ServerContext*, const inference::CudaSharedMemoryRegisterRequest*,
                                        inference::CudaSharedMemoryRegisterResponse*) override;
  grpc::Status CudaSharedMemoryUnregister(grpc::ServerContext*, const inference::CudaSharedMemoryUnregisterRequest*,
                                          inference::CudaSharedMemoryUnregisterResponse*) override;
  grpc::Status TraceSetting(grpc::ServerContext*, const inference::TraceSettingRequest*,
                            inference::TraceSettingResponse*) override;
  grpc::Status LogSettings(grpc::ServerContext*, const inference::LogSettingsRequest*,
                           inference::LogSettingsResponse*) override;

 private:
  const ServiceSources sources_;
};

}  // namespace driftserve
