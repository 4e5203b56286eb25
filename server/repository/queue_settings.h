#pragma once

#include <string>
#include <vector>

#include "inference/model_config.pb.h"
#include "server/repository/model.h"

namespace driftserve {

/// What dynamic_batching says of how requests wait: delay, order, priority levels and their policies, into `settings`.
/// Adds to `faults`, each naming `file`, field, what was expected and what came.
void ReadQueueSettings(const inference::ModelDynamicBatching& batching, const std::string& file,
                       ModelSettings& settings, std::vector<std::string>& faults);

}  // namespace driftserve
