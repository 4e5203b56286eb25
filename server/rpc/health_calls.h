#pragma once

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/rpc/health_board.h"
#include "server/rpc/poller.h"

namespace driftserve {

using HealthService = grpc::health::v1::Health::AsyncService;

/// Posts one Check and one Watch call on the poller's queue; each posts its replacement when it is accepted and deletes
/// itself when it is done. Our own service: gRPC's default one uses the callback API, whose threads slow every poller
/// down. Arguments must outlive the queue.
void PostHealthCalls(HealthService* service, HealthBoard* board, Poller* poller);

}  // namespace driftserve
