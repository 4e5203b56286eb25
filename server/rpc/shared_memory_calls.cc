// The shared memory extension of InferenceService: registering only. server/decode reads and writes regions.
#include "server/base/text.h"
#include "server/rpc/inference_service.h"
#include "server/rpc/rpc_status.h"

namespace driftserve {
namespace {

constexpr char kTurnedOff[] =
    "this server takes no shared memory (grpc.shared_memory; by default only while it listens on a loopback address); "
    "send tensors in raw_input_contents";

grpc::Status TurnedOff() { return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, kTurnedOff); }

void Describe(const SystemRegionSettings& region, inference::SystemSharedMemoryStatusResponse::RegionStatus& status) {
  status.set_name(region.name);
  status.set_key(region.key);
  status.set_offset(region.offset);
  status.set_byte_size(region.byte_size);
}

void Describe(const CudaRegionSettings& region, inference::CudaSharedMemoryStatusResponse::RegionStatus& status) {
  status.set_name(region.name);
  status.set_device_id(static_cast<uint64_t>(region.device_id));
  status.set_byte_size(region.byte_size);
}

/// Those of `regions` that are called `name`, or all where it is empty; `kind` is for a name that is not among them.
template <typename Settings, typename Response>
grpc::Status DescribeNamed(const std::vector<Settings>& regions, const std::string& name, const char* kind,
                           Response& response) {
  for (const Settings& region : regions) {
    if (name.empty() || name == region.name) Describe(region, (*response.mutable_regions())[region.name]);
  }
  if (name.empty() || !response.regions().empty()) return grpc::Status::OK;
  return ToGrpcStatus(
      absl::NotFoundError(Concat(RegionText(name), " is not registered as ", kind, " shared memory")));
}

}  // namespace

grpc::Status InferenceService::SystemSharedMemoryStatus(grpc::ServerContext*,
                                                        const inference::SystemSharedMemoryStatusRequest* request,
                                                        inference::SystemSharedMemoryStatusResponse* response) {
  if (sources_.regions == nullptr) return TurnedOff();
  return DescribeNamed(sources_.regions->ListSystem(), request->name(), "system", *response);
}

grpc::Status InferenceService::SystemSharedMemoryRegister(grpc::ServerContext*,
                                                          const inference::SystemSharedMemoryRegisterRequest* request,
                                                          inference::SystemSharedMemoryRegisterResponse*) {
  if (sources_.regions == nullptr) return TurnedOff();
  return ToGrpcStatus(
      sources_.regions->RegisterSystem({request->name(), request->key(), request->offset(), request->byte_size()}));
}

grpc::Status InferenceService::SystemSharedMemoryUnregister(
    grpc::ServerContext*, const inference::SystemSharedMemoryUnregisterRequest* request,
    inference::SystemSharedMemoryUnregisterResponse*) {
  if (sources_.regions == nullptr) return TurnedOff();
  sources_.regions->UnregisterSystem(request->name());
  return grpc::Status::OK;
}

// Clients ask and clean up before they know whether there is a GPU: without one nothing is registered, and nothing is
// to be removed.
grpc::Status InferenceService::CudaSharedMemoryStatus(grpc::ServerContext*,
                                                      const inference::CudaSharedMemoryStatusRequest* request,
                                                      inference::CudaSharedMemoryStatusResponse* response) {
  if (sources_.regions == nullptr) return TurnedOff();
  return DescribeNamed(sources_.regions->ListCuda(), request->name(), "CUDA", *response);
}

grpc::Status InferenceService::CudaSharedMemoryRegister(grpc::ServerContext*,
                                                        const inference::CudaSharedMemoryRegisterRequest* request,
                                                        inference::CudaSharedMemoryRegisterResponse*) {
  if (sources_.regions == nullptr) return TurnedOff();
  return ToGrpcStatus(sources_.regions->RegisterCuda(
      {request->name(), request->raw_handle(), request->device_id(), request->byte_size()}));
}

grpc::Status InferenceService::CudaSharedMemoryUnregister(grpc::ServerContext*,
                                                          const inference::CudaSharedMemoryUnregisterRequest* request,
                                                          inference::CudaSharedMemoryUnregisterResponse*) {
  if (sources_.regions == nullptr) return TurnedOff();
  sources_.regions->UnregisterCuda(request->name());
  return grpc::Status::OK;
}

}  // namespace driftserve
