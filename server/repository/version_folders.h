#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "inference/model_config.pb.h"

namespace driftserve {

/// Versions below a model's folder: folders whose name is a number from 1, without leading zeros. Ascending; other
/// entries are none of ours.
std::vector<int64_t> ListVersions(const std::string& model_folder);

/// Those of `found` that `policy` names: by default the newest. INVALID_ARGUMENT where there is none, or one that it
/// names is missing; `where` begins the message.
absl::StatusOr<std::vector<int64_t>> ChooseVersions(const inference::ModelVersionPolicy& policy,
                                                    const std::vector<int64_t>& found, const std::string& where);

}  // namespace driftserve
