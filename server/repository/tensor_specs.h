#pragma once

#include <string>
#include <vector>

#include "inference/model_config.pb.h"
#include "server/execute/executor.h"

namespace driftserve {

/// The checked inputs (outputs) of a configuration. Faults are appended, each naming the tensor, what was expected
/// and what came; `file` begins each.
std::vector<TensorSpec> InputSpecs(const inference::ModelConfig& config, const std::string& file,
                                   std::vector<std::string>& faults);
std::vector<TensorSpec> OutputSpecs(const inference::ModelConfig& config, const std::string& file,
                                    std::vector<std::string>& faults);

/// Adds the inputs or outputs that a configuration leaves out, where the module's signature states them: it does so
/// for texts (List[str]) alone, as TorchScript says neither element type nor shape of a Tensor. The faults say what to
/// write instead.
void AddFromSignature(const ModuleSignature& signature, const std::string& file, inference::ModelConfig& config,
                      std::vector<std::string>& faults);

}  // namespace driftserve
