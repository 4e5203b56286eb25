#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/server_config.h"
#include "server/rpc/health_board.h"
#include "server/rpc/health_calls.h"
#include "server/rpc/inference_service.h"
#include "server/rpc/label_calls.h"
#include "server/rpc/poller.h"
#include "server/rpc/prediction_service.h"
#include "server/rpc/server_state.h"
#include "server/rpc/unary_calls.h"

namespace driftserve {

/// The gRPC side of the server: services, completion queues and pollers.
///
/// Thread safety: Start and Shutdown by one thread, in this order; the rest by anyone.
class GrpcServer {
 public:
  /// `sources` need not repeat what `settings` says.
  GrpcServer(const GrpcConfig& config, const PollerSettings& settings, HealthBoard* health, ServiceSources sources);
  ~GrpcServer();

  /// Binds the address and starts the pollers. What the registry holds is served; until the server is ready, requests
  /// for other models are UNAVAILABLE. UNAVAILABLE naming the address where it is taken.
  absl::Status Start();

  /// Lets accepted requests end within `budget_ms`, cancels the rest, waits until those that run have been answered,
  /// and stops the pollers. Instance pools must still run.
  void Shutdown(int64_t budget_ms);

  /// The port in use, for port 0.
  int port() const { return port_; }
  const std::vector<std::unique_ptr<Poller>>& pollers() const { return pollers_; }

 private:
  absl::Status Build();
  void PostLabels(Poller& poller);
  void WaitForCalls();

  const GrpcConfig config_;
  const PollerSettings settings_;
  HealthBoard* const health_board_;
  InferenceService inference_;
  PredictionService prediction_;
  HealthService health_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::unique_ptr<Poller>> pollers_;
  std::vector<std::unique_ptr<ServingCalls>> calls_;
  std::vector<std::unique_ptr<LabelCallSettings>> label_calls_;  // one per poller
  int port_ = 0;
};

}  // namespace driftserve
