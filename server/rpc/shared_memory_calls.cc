// The shared memory extension of InferenceService: registering only. server/decode reads and writes regions.
#include "server/rpc/inference_service.h"
#include "server/rpc/rpc_status.h"

namespace driftserve {
namespace {

constexpr char kNoSystem[] =
    "this server takes no shared memory (grpc.shared_memory; by default only while it listens on a loopback address); "
    "send tensors in raw_input_contents";
constexpr char kNoCuda[] = "this server takes no CUDA shared memory; send tensors in raw_input_contents";

grpc::Status Unimplemented(const char* sentence) { return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, sentence); }

}  // namespace

grpc::Status InferenceService::SystemSharedMemoryStatus(grpc::ServerContext*,
                                                        const inference::SystemSharedMemoryStatusRequest* request,
                                                        inference::SystemSharedMemoryStatusResponse* response) {
  if (sources_.regions == nullptr) return Unimplemented(kNoSystem);
  for (const RegionSettings& region : sources_.regions->List()) {
    if (!request->name().empty() && request->name() != region.name) continue;
    auto& status = (*response->mutable_regions())[region.name];
    status.set_name(region.name);
    status.set_key(region.key);
    status.set_offset(region.offset);
    status.set_byte_size(region.byte_size);
  }
  if (request->name().empty() || !response->regions().empty()) return grpc::Status::OK;
  return ToGrpcStatus(absl::NotFoundError("shared memory region '" + request->name() + "' is not registered"));
}

grpc::Status InferenceService::SystemSharedMemoryRegister(grpc::ServerContext*,
                                                          const inference::SystemSharedMemoryRegisterRequest* request,
                                                          inference::SystemSharedMemoryRegisterResponse*) {
  if (sources_.regions == nullptr) return Unimplemented(kNoSystem);
  return ToGrpcStatus(
      sources_.regions->Register({request->name(), request->key(), request->offset(), request->byte_size()}));
}

grpc::Status InferenceService::SystemSharedMemoryUnregister(
    grpc::ServerContext*, const inference::SystemSharedMemoryUnregisterRequest* request,
    inference::SystemSharedMemoryUnregisterResponse*) {
  if (sources_.regions == nullptr) return Unimplemented(kNoSystem);
  sources_.regions->Unregister(request->name());
  return grpc::Status::OK;
}

// Clients ask and clean up before they know whether there is a GPU: nothing is registered, nothing is to be removed.
grpc::Status InferenceService::CudaSharedMemoryStatus(grpc::ServerContext*,
                                                      const inference::CudaSharedMemoryStatusRequest* request,
                                                      inference::CudaSharedMemoryStatusResponse*) {
  if (request->name().empty()) return grpc::Status::OK;
  return ToGrpcStatus(absl::NotFoundError("CUDA shared memory region '" + request->name() + "' is not registered"));
}

grpc::Status InferenceService::CudaSharedMemoryRegister(grpc::ServerContext*,
                                                        const inference::CudaSharedMemoryRegisterRequest*,
                                                        inference::CudaSharedMemoryRegisterResponse*) {
  return Unimplemented(kNoCuda);
}

grpc::Status InferenceService::CudaSharedMemoryUnregister(grpc::ServerContext*,
                                                          const inference::CudaSharedMemoryUnregisterRequest*,
                                                          inference::CudaSharedMemoryUnregisterResponse*) {
  return grpc::Status::OK;
}

}  // namespace driftserve
