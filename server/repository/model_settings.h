#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/execute/executor.h"
#include "server/repository/config_text.h"
#include "server/repository/model.h"

namespace driftserve {

/// True when the configuration leaves inputs or outputs to the module's own signature.
bool NeedsSignature(const inference::ModelConfig& config);

/// Checks a configuration whole and turns it into settings. `model` is the folder's name, `signature` what the module
/// says of itself (null unless NeedsSignature), `gpus` how many GPUs there are. INVALID_ARGUMENT lists every fault,
/// one per line, each naming the file, the field, what was expected and what came.
absl::StatusOr<ModelSettings> MakeSettings(const ConfigText& text, const std::string& model,
                                           const ModuleSignature* signature, int gpus);

/// What a loader must know to load `bytes` as such a model, on its first device. `file`: for messages.
LoadRequest MakeLoadRequest(const ModelSettings& settings, std::string file, std::shared_ptr<const std::string> bytes);

/// Name of the model's file within a version's folder.
std::string ModelFileName(const inference::ModelConfig& config);

}  // namespace driftserve
