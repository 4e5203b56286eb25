#pragma once

#include <memory>

#include "server/publish/publisher.h"

namespace driftserve {

/// For a server without a configured broker, a supported way to run: every record is dropped, reason kNoBroker.
std::unique_ptr<Publisher> MakeNoBrokerPublisher();

}  // namespace driftserve
